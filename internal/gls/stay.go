package gls

import "sync/atomic"

// A Stay is the work to which a value belongs, and with which it ends. Outside
// of any work, it is the goroutine.
type Stay struct {
	work      *Home
	goroutine uint64 // the id, if work is nil
}

// StayHere returns the Stay of the running goroutine.
func StayHere() Stay {
	if w := Current().work(); w != nil {
		return Stay{work: w}
	}
	return Stay{goroutine: goid()}
}

// A Standing is the relation of a frame to a [Stay].
type Standing uint8

const (
	Within    Standing = iota // they belong to the same work, which is not over
	Elsewhere                 // they do not belong to the same work
	Over                      // the work is over
)

// Of returns the relation of f, which may be nil, to s. f must be the frame of
// the running goroutine or of something that it has been given.
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
