package gather

import (
	"math"
	"time"
)

// A pace is how far a stream runs ahead of its loop: how many items may be under
// way, from the input to the body of the loop.
//
// To hand one item from goroutine to goroutine costs more than a job of a
// microsecond, if each waits for the other; with a larger window each finds many
// when it is up. But what is under way may be in vain, and an item that was taken
// from a queue waits here. So the window that nobody chose begins with the limit
// and as many results, and is doubled only while it would be of use and do no harm:
// a whole window has passed by in so short a time that twice as many are still
// only milliseconds of work, and the loop was there before them.
type pace struct {
	window  int
	fixed   bool      // somebody chose it
	starved bool      // the loop had to wait since the mark was set
	mark    int       // a window has passed with this result
	since   time.Time // when the mark was set; zero before the first result
}

const (
	longestWindow = 1 << 10
	quick         = 10 * time.Microsecond // for each item of a window that may be doubled
)

// newPace returns the pace for a limit and a buffer, which is negative if nobody
// chose it.
func newPace(limit, buffer int) pace {
	if buffer < 0 {
		return pace{window: limit + min(limit, math.MaxInt-limit)}
	}
	return pace{window: limit + min(buffer, math.MaxInt-limit), fixed: true}
}

// passed notes that the loop is done with as many results.
func (p *pace) passed(given int) {
	if p.fixed || given < p.mark {
		return
	}
	now := time.Now()
	if p.starved && !p.since.IsZero() && now.Sub(p.since) < time.Duration(p.window)*quick {
		p.window = max(p.window, min(2*p.window, longestWindow))
	}
	p.mark, p.since, p.starved = given+p.window, now, false
}
