package gls

import "sync/atomic"

// A Stay is the piece of work that something belongs to, and with which it is
// over. Outside of any, it is the goroutine.
type Stay struct {
	work      *Home
	goroutine uint64 // the id, if work is nil
}

// StayHere returns that of the running goroutine.
func StayHere() Stay {
	if w := Current().work(); w != nil {
		return Stay{work: w}
	}
	return Stay{goroutine: goid()}
}

// A Standing is how a frame stands to a [Stay].
type Standing uint8

const (
	Within    Standing = iota // they are of one piece of work, which lasts
	Elsewhere                 // they are not of one piece of work
	Over                      // the work is over
)

// Of tells how f, which may be nil, stands to s. It must be the frame of the
// running goroutine or of what it has been given.
func (s Stay) Of(f *Frame) Standing {
	switch {
	case f.work() != s.work:
		return Elsewhere
	case s.work == nil:
		if s.goroutine != goid() {
			return Elsewhere
		}
	case atomic.LoadUint64(&s.work.owner) == 0: // closed, see Home.leave
		return Over
	}
	return Within
}

// InRun reports whether the running goroutine is inside of a run of an [Env].
func InRun() bool {
	f := Current()
	return f.ownedBy(goid()) && f.home.env != nil
}
