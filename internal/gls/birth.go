package gls

import (
	"sync/atomic"
	"unsafe"

	"github.com/heirloom-go/heirloom/internal/trie"
)

// A birth is the state of a goroutine that runs an environment of its own for
// all its life. Its first frame is stored separately if it has values: what the goroutine
// starts and what it sets keep the birth alive, and must not keep the values it began
// with.
type birth struct {
	home Home // first: it has a field that is aligned by it
	tag  tag
}

// A bareBirth is a birth and its first frame, if that has no values that the birth must
// not keep.
type bareBirth struct {
	birth
	first sizedFrame[[1]unsafe.Pointer]
}

// newBirth returns a birth for e, and its first frame, which has a copy of values.
func newBirth(e *Env, values *trie.Map) (b *birth, first *Frame) {
	if values.Slots() == 0 {
		bare := new(bareBirth)
		b, first = &bare.birth, &bare.first.Frame
		first.home = &b.home
	} else {
		b = new(birth)
		first = frameOf(&b.home, values)
	}
	b.home.env, b.home.tag = e, &b.tag
	return b, first
}

// A tag leads from a goroutine, and from all goroutines that it starts, to its
// origin. It is separate from them so that the origin can be released.
type tag struct {
	origin Ptr[any] // nil once the goroutine has ended
}

// Bear gives e the labels and the variables of the running goroutine, for a
// goroutine that is started with [Env.Offer]. e must be new and not yet shared. The
// new goroutine must call [Env.Begin] first and [Env.End] last. Until it has called
// End, origin is the [Origin] of that goroutine and of those it starts. If no
// goroutine is started after all, the caller of Bear calls End.
//
// The running goroutine begins too, because it uses variables.
func (e *Env) Bear(origin *any) {
	f := Current()
	if !f.ownedBy(goid()) {
		f = f.remember()
	}
	b, first := newBirth(e, f.Values())
	b.tag.origin.Init(origin)
	if f != nil {
		b.home.work = f.home.work
	}
	first.wearAs(f)
	e.running.init()
	e.first = &b.home
	e.newest.Init(first)
}

// Offer puts the variables of e, on which [Env.Bear] was called, in the slot of the
// running goroutine, where the next go statement copies them. So the new goroutine
// has them from the beginning and finds out through [Origin] what it is for, and the
// statement needs no closure. The caller calls Return after the statement.
func (e *Env) Offer() Offered {
	before := Offered{Peek()}
	putSlot(unsafe.Pointer(e.newest.Load()))
	return before
}

// An Offered is what was in a goroutine's slot before [Env.Offer].
type Offered struct{ p unsafe.Pointer }

// Return puts back what was in the slot.
func (s Offered) Return() { putSlot(s.p) }

// Begin makes the running goroutine, which was started with [Env.Offer], the owner of
// the variables of e.
func (e *Env) Begin() {
	f := e.newest.Load()
	// The home is already shared, with goroutines that read e; they read only
	// its owner.
	f.home.hold = holdHere()
	f.home.setOwner(goid())
	f.begin()
}

// BegunHere reports whether the running goroutine began with e and has not
// ended with it.
func (e *Env) BegunHere() bool {
	f := e.newest.Load()
	return f != nil && f.home.ownedBy(goid())
}

// Goroutine returns the id of the goroutine that began with e. It returns 0 if
// none has begun yet, or if it has ended its run of e.
func (e *Env) Goroutine() uint64 { return atomic.LoadUint64(&e.first.owner) }

// End ends the run of e that [Env.Begin] began, or would have begun. The
// running goroutine keeps its variables until somebody else's labels replace
// them, but what it sets from now on is not seen in e.
func (e *Env) End() {
	home := e.newest.Load().home
	home.tag.origin.Clear()
	home.env = nil
	home.setOwner(0)
	home.forget()
	e.running.release() // this orders all of the above before the next run
}

// Origin returns the origin given to [Env.Bear] for the running goroutine, or
// for the nearest one from which it was started, directly or not. It returns
// nil if there is no such goroutine, or if that one has called [Env.End].
func Origin() *any {
	if t := Current().tagged(); t != nil {
		return t.origin.Load()
	}
	return nil
}

// tagged returns the tag that goroutines inherit from f, which may be nil.
func (f *Frame) tagged() *tag {
	if f == nil {
		return nil
	}
	return f.home.tag
}
