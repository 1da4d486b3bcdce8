package gls

import "sync/atomic"

// A birth is what a goroutine begins with that runs an environment of its own
// for all its life. Its first frame is apart from it: what the goroutine starts
// and what it sets keep the birth, and must not keep the values it began with.
type birth struct {
	home Home // first: it has a field that is aligned by it
	tag  tag
}

// A tag leads from a goroutine, and from all that it starts, to its origin. It
// is apart from what has it so that the origin can be let go of.
type tag struct {
	origin Ptr[any] // nil once the goroutine has ended
}

// Bear makes the running goroutine's labels and variables those of e, which
// must be new and not be shared yet, for a goroutine to be started that calls
// [Env.Begin] first and [Env.End] last. Until then, origin is the [Origin] of
// that goroutine and of those it starts. If none is started after all, whoever
// called Bear calls End.
//
// The running goroutine begins as well: it has to do with variables.
func (e *Env) Bear(origin *any) {
	f := Current()
	if !f.ownedBy(goid()) {
		f.remember()
	}
	b := new(birth)
	b.tag.origin.Init(origin)
	b.home.env, b.home.tag = e, &b.tag
	if f != nil {
		b.home.work, b.home.lineage = f.home.work, f.home.lineage
	}
	first := &Frame{home: &b.home, values: *f.Values()}
	first.wear()
	e.running.Store(true)
	e.first = &b.home
	e.newest.Init(first)
}

// Begin gives the running goroutine the variables of e, which was made by
// [Env.Bear] for it.
func (e *Env) Begin() {
	f := e.newest.Load()
	// The home is shared already, by those that read e; they look at the owner
	// alone.
	f.home.hold = holdHere()
	atomic.StoreUint64(&f.home.owner, goid())
	f.begin()
}

// BegunHere reports whether the running goroutine began with e and has not
// ended with it.
func (e *Env) BegunHere() bool {
	f := e.newest.Load()
	return f != nil && f.home.ownedBy(goid())
}

// Goroutine returns the id of the goroutine that began with e, which was made by
// [Env.Bear], or 0 if none has yet or it has ended with it.
func (e *Env) Goroutine() uint64 { return atomic.LoadUint64(&e.first.owner) }

// End ends the run of e that [Env.Begin] began, or was to begin. The running
// goroutine keeps its variables until somebody else's labels take their place,
// but what it sets from now on is not seen in e.
func (e *Env) End() {
	home := e.newest.Load().home
	home.tag.origin.Store(nil)
	home.close()
	home.forget()
	e.running.Store(false)
}

// Origin returns what [Env.Bear] was given for the running goroutine, or for
// the nearest one it was started by, directly or not. It is nil if there is no
// such goroutine, or that one has called [Env.End].
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
