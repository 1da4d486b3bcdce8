package limit

import (
	"fmt"
	"math"
	"time"
)

// A Limit describes how much may happen at once, and how often it may begin.
// The zero Limit limits nothing.
type Limit struct {
	// AtOnce is the total weight that may be held at the same time; with
	// weights of 1, it is the number of holders. 0 means no limit.
	AtOnce int64

	// Every is the average time from one beginning to the next. 0 means no
	// limit. Each beginning counts once, whatever its weight.
	Every time.Duration

	// Burst is how many may begin at the same moment after a pause that was
	// long enough. 0 means 1.
	Burst int
}

// check panics if the limit that was given to caller makes no sense.
func (l Limit) check(caller string) {
	switch {
	case l.AtOnce < 0:
		panic(&UsageError{Func: "limit." + caller, Problem: fmt.Sprintf("%d at once; it must be positive, or 0 for no limit", l.AtOnce)})
	case l.Every < 0:
		panic(&UsageError{Func: "limit." + caller, Problem: fmt.Sprintf("one every %v; it must be positive, or 0 for no limit", l.Every)})
	case l.Burst < 0:
		panic(&UsageError{Func: "limit." + caller, Problem: fmt.Sprintf("a burst of %d; it must be positive, or 0 for 1", l.Burst)})
	}
}

// every is the average time from one beginning to the next, such that a whole burst of it
// fits into a Duration.
func (l Limit) every() time.Duration { return min(l.Every, math.MaxInt64/l.burst()) }

func (l Limit) burst() time.Duration { return time.Duration(max(l.Burst, 1)) }

// slack is how far a beginning may be ahead of the average rate.
func (l Limit) slack() time.Duration { return (l.burst() - 1) * l.every() }

// times returns n times d, or the longest Duration if that is less.
func times(n float64, d time.Duration) time.Duration {
	if product := n * float64(d); product < math.MaxInt64 {
		return time.Duration(product)
	}
	return math.MaxInt64
}
