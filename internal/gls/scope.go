package gls

import (
	"sync/atomic"
	"unsafe"
)

// A Scope is a set of variables that can be run: what is set during a run stays
// in it, and is where the next run goes on. The zero Scope is empty.
type Scope struct {
	// newest is the frame that has the scope's variables. Whoever runs the
	// scope stores it, anyone may load it; a frame is immutable, so a reader
	// sees one consistent state, complete as of some assignment.
	newest  Cell[Frame]
	running atomic.Bool
}

// Hold makes the variables of f, which may be nil, those of s. It must be
// called before s is shared.
func (s *Scope) Hold(f *Frame) { s.newest.Init(f) }

// Frame returns the newest frame of s, or nil if nothing was ever set.
func (s *Scope) Frame() *Frame { return s.newest.Load() }

// Run calls fn with the variables of s, and gives the goroutine its own back
// when fn returns, panics or calls runtime.Goexit. It reports false, without
// calling fn, if s is being run already.
func (s *Scope) Run(fn func()) bool {
	// Only the goroutine whose swap succeeds gets a home that leads to s, until
	// it stores false again: so s.newest has one writer at a time, and the swap
	// orders each after the one before.
	if !s.running.CompareAndSwap(false, true) {
		return false
	}
	before, f := slot()
	home := f.inner(goid())
	home.scope = s
	newFrame(before.visible(), home, *s.newest.Load().Values(), f.line()).install()
	defer home.leave(before, f)
	fn()
	return true
}

// RunningHere reports whether the running goroutine is inside a run of s and
// not of another scope further in.
func (s *Scope) RunningHere() bool {
	f := Current()
	return f.ownedBy(goid()) && f.home.scope == s
}

// inner returns a home, for the running goroutine, whose id is g, that stands
// for that of f for a while. f may be nil.
func (f *Frame) inner(g uint64) *Home {
	if f.ownedBy(g) {
		return &Home{owner: g, note: f.home.note, tag: f.home.tag}
	}
	return f.homeOf(g)
}

// leave ends the run that h was opened for. before is what the slot held when
// it began, and f the frame in it, if any.
func (h *Home) leave(before *labelSet, f *Frame) {
	s, n := h.scope, h.note.Value()
	h.note = noNote // it goes on
	h.close()
	s.running.Store(false)
	restore(before, f, n)
}

// restore puts back what the slot held, and f, the frame in it, if any. Labels
// that were put on the goroutine since are not ours to take off, and stay. n,
// which may be nil, is the goroutine's note.
func restore(before *labelSet, f *Frame, n *note) {
	now := (*labelSet)(getProfLabel()).visible()
	same := sameLabels(now, before.visible())
	switch {
	case n != nil && f.line() != n.trail.weak:
		// The trail was begun within, and marks of it may be about still.
		f.follow(n, f.homeOf(n.owner), now)
		return
	case same:
		setProfLabel(unsafe.Pointer(before))
	case f != nil:
		f = newFrame(now, f.home, f.values, f.trail)
		setProfLabel(unsafe.Pointer(f))
	default:
		setProfLabel(unsafe.Pointer(plainLabels(now)))
	}
	if n != nil {
		n.set(f)
	}
}
