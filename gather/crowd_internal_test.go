package gather

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// play lets a worker claim every other one of the jobs, each in the given time, for a
// stretch, and returns the break that it makes then.
func (c *crowd) play(each time.Duration) (pause time.Duration) {
	for range stretch {
		time.Sleep(2 * each)
		last := c.last
		if c.last += 2; c.last != last+1 {
			c.claimed(c.last)
		}
	}
	if !c.paused {
		return 0
	}
	return c.pause
}

// resume ends the break, in which the others have claimed so many jobs.
func (c *crowd) resume(jobs int) {
	time.Sleep(c.pause) // it makes none in the bubble
	c.last = c.first + jobs
	c.claimed(c.last)
}

func TestBreaksOfACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := crowd{last: -1}
		c.begin(0)
		assert.Equal(t, shortest, c.play(100*time.Nanosecond))

		// 10 in a microsecond with the worker, 50 without.
		for want := 2 * shortest; want <= longest; want *= 2 {
			c.resume(int(c.pause/time.Microsecond) * 50)
			assert.Equal(t, want, c.play(100*time.Nanosecond))
		}
		c.resume(int(c.pause/time.Microsecond) * 50)
		assert.Equal(t, longest, c.play(100*time.Nanosecond))

		// 5 without it.
		for want := longest / 2; want >= shortest; want /= 2 {
			c.resume(int(c.pause/time.Microsecond) * 5)
			assert.Equal(t, want, c.play(100*time.Nanosecond))
		}
		c.resume(0)
		assert.Equal(t, shortest, c.play(100*time.Nanosecond))

		c.resume(1000)
		assert.Zero(t, c.play(2*short), "long jobs need none")
		assert.Equal(t, 2*shortest, c.play(short/2), "and what was learned remains")
	})
}

// A worker that claims one job after the other meets nobody.
func TestNoCrowdOfOne(t *testing.T) {
	c := crowd{last: -1}
	for n := range 10 * stretch {
		last := c.last
		if c.last = n; n != last+1 {
			c.claimed(n)
		}
	}
	assert.Zero(t, c.met)
}
