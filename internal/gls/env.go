package gls

import "sync/atomic"

// An Env is a set of variables that can be run: what is set during a run stays
// in it, and the next run continues from there. The zero Env is empty.
type Env struct {
	// newest is the frame that has the variables. The goroutine that runs the
	// environment stores it, and any goroutine may load it. Frames are
	// immutable, so a reader sees one consistent state, complete as of some
	// assignment.
	newest  Ptr[Frame]
	running running
	// first is the home of the first run, and represents all runs. Only the
	// goroutine that runs the environment may use it.
	first *Home
	// maker is the id of the goroutine that [Env.Hold] was called in, or 0.
	maker uint64
}

// A running is whether an environment is being run. It is an [atomic.Bool] that can
// be set by a plain store as long as it is not shared.
type running uint32

func (r *running) init()      { *r = 1 }
func (r *running) take() bool { return atomic.CompareAndSwapUint32((*uint32)(r), 0, 1) }
func (r *running) release()   { atomic.StoreUint32((*uint32)(r), 0) }

// Hold gives e the variables of f, which may be nil. It must be called before e
// is shared.
func (e *Env) Hold(f *Frame) { e.newest.Init(f) }

// HoldHere is Hold with the running goroutine's variables, for a context to
// carry; see [Counting].
func (e *Env) HoldHere() {
	e.newest.Init(Current())
	e.maker = goid()
}

// Frame returns the newest frame of e, or nil if nothing was ever set.
func (e *Env) Frame() *Frame { return e.newest.Load() }

// Run calls fn with the variables of e. It restores the goroutine's own
// variables when fn returns, panics or calls runtime.Goexit. If e is already
// being run, Run reports false and does not call fn.
func (e *Env) Run(fn func()) bool { return e.run(fn, false) }

// RunWork is Run in a new work, which is over when fn returns, panics or calls
// runtime.Goexit.
func (e *Env) RunWork(fn func()) bool { return e.run(fn, true) }

func (e *Env) run(fn func(), work bool) bool {
	f := Current() // first, because it may call the function given to OnLost
	// Only the goroutine whose swap succeeds gets a home that leads to e,
	// until it stores false again. So e.newest and e.first have one writer
	// at a time, and the swap orders each writer after the previous one.
	if !e.running.take() {
		return false
	}
	g, held := goid(), e.newest.Load()
	home := held.descend(g)
	home.env, home.tag = e, f.tagged()
	if f.ownedBy(g) {
		home.hold = f.home.hold
	} else {
		home.hold = holdHere()
	}
	if work {
		home.work = home
	}
	if e.first == nil {
		e.first = home
	}
	frameOf(home, held.Values()).install()
	defer home.leave(f)
	fn()
	return true
}

// leave ends the run for which h was opened, and restores f, which may be nil,
// in the goroutine.
func (h *Home) leave(f *Frame) {
	e := h.env
	h.close()
	e.running.release()
	h.putBack(f)
}

// WorkIsOver reports whether the variables of e belong to a work that is over.
func (e *Env) WorkIsOver() bool {
	work := e.Frame().work()
	return work != nil && work.ownedBy(0)
}

// RunningHere reports whether the running goroutine is inside a run of e, and
// not of another environment within it.
func (e *Env) RunningHere() bool {
	f := Current()
	return f.ownedBy(goid()) && f.home.env == e
}
