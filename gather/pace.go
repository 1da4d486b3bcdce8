package gather

import (
	"math"
	"time"
)

// A pace decides how far a stream runs ahead of its loop: how many items may be
// under way, from the input to the body of the loop.
//
// Handing single items from goroutine to goroutine costs more than a job of a
// microsecond, if each goroutine waits for the other; with a larger window,
// each finds many items when it wakes. But items under way may turn out to be
// unneeded, and an item that was taken from a queue waits here. So a window
// that the caller did not choose begins with the limit and as many results. It
// is doubled only while that is useful and harmless: when a whole window has
// passed in so short a time that twice as many items are still only
// milliseconds of work, and the loop had to wait for them.
type pace struct {
	window  int
	fixed   bool      // the caller chose the window
	starved bool      // the loop has had to wait since the mark was set
	mark    int       // a window has passed with this result
	since   time.Time // when the mark was set; zero before the first result
}

const (
	longestWindow = 1 << 10
	quick         = 10 * time.Microsecond // for each item of a window that may be doubled
)

// newPace returns the pace for a limit and a buffer, which is negative if the
// caller did not choose it.
func newPace(limit, buffer int) pace {
	if buffer < 0 {
		return pace{window: limit + min(limit, math.MaxInt-limit)}
	}
	return pace{window: limit + min(buffer, math.MaxInt-limit), fixed: true}
}

// passed records that the loop has consumed the given number of results.
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
