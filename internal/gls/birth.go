package gls

import (
	"sync/atomic"
	"unsafe"
)

// A birth is what a goroutine begins with that runs a scope of its own for all
// its life. Being one piece of memory it costs one allocation, and beginning
// with it costs less than [Scope.Run], since there is nothing to come back to.
type birth struct {
	home  Home // first: it has a field that is aligned by it
	frame Frame
	tag   tag
}

// A tag leads from a goroutine, and from all that it starts, to its origin. It
// is apart from what has it so that the origin can be let go of.
type tag struct {
	origin Cell[any] // nil once the goroutine has ended
}

// Bear makes the running goroutine's labels and variables those of s, which
// must be new and not be shared yet, for a goroutine to be started that calls
// [Scope.Begin] first and [Scope.End] last. Until then, origin is the [Origin]
// of that goroutine and of those it starts. If none is started after all,
// whoever called Bear calls End.
func (s *Scope) Bear(origin *any) {
	before, f := slot()
	b := new(birth)
	b.tag.origin.Init(origin)
	b.home.scope = s
	b.home.tag = &b.tag
	b.frame.home, b.frame.values, b.frame.trail = &b.home, *f.Values(), f.line()
	b.frame.setLabels(before.visible())
	s.running.Store(true)
	s.newest.Init(&b.frame)
}

// Begin gives the running goroutine the variables of s, which was made by
// [Scope.Bear] for it.
func (s *Scope) Begin() {
	f := s.newest.Load()
	// The home is shared already, by those that read s; they look at the owner
	// alone.
	atomic.StoreUint64(&f.home.owner, goid())
	if t := f.trail.Value(); t != nil {
		f.home.note = t.enter().weak
		f.home.publish(f)
	}
	setProfLabel(unsafe.Pointer(f))
}

// BegunHere reports whether the running goroutine began with s and has not
// ended with it.
func (s *Scope) BegunHere() bool {
	f := s.newest.Load()
	return f != nil && f.home.ownedBy(goid())
}

// End ends the run of s that [Scope.Begin] began, or was to begin. The running
// goroutine keeps its variables, but what it sets from now on is not seen in s.
func (s *Scope) End() {
	home := s.newest.Load().home
	home.tag.origin.Store(nil)
	home.close()
	s.running.Store(false)
}

// Origin returns what [Scope.Bear] was given for the running goroutine, or for
// the nearest one it was started by, directly or not. It is nil if there is no
// such goroutine, or that one has called [Scope.End].
func Origin() *any {
	if t := Current().tagged(); t != nil {
		return t.origin.Load()
	}
	return nil
}

// tagged returns the tag that those who take over from f, which may be nil,
// inherit.
func (f *Frame) tagged() *tag {
	if f == nil {
		return nil
	}
	return f.home.tag
}

// ScopeOf returns the scope of a *ctxvar.Context. Package ctxvar sets it: the
// scope is no business of those who import that package, but for package task.
var ScopeOf func(context any) *Scope
