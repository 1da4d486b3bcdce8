package gls

import (
	"sync/atomic"
	"unsafe"
	"weak"

	"github.com/heirloom-go/heirloom/internal/trie"
)

// A Frame is what a goroutine's slot holds: the labels of its profile samples,
// and the values of its variables. It does not change once installed.
type Frame struct {
	set    labelSet // first, for it is what the runtime and pprof see
	home   *Home
	values trie.Map
	// trail is what a goroutine that inherits the frame enters once it has set
	// something.
	trail weak.Pointer[trail]
}

// A Home is the right to change one line of frames. Only the goroutine that
// owns it may change it or install frames with it; those that inherited such a
// frame have the pointer too, but look at owner alone and find it isn't theirs.
//
// It refers to no frame and, once closed, to no scope, so a frame handed down
// keeps alive the values it has, and not what its maker set later.
type Home struct {
	// owner is the id of the owning goroutine, and 0 once closed. It is read
	// and, after the home is shared, written atomically. It comes first, which
	// aligns it on 32-bit machines.
	owner uint64
	// scope is the scope that this home was opened to run; nil in the
	// variables a goroutine begins with. Guarded by being the owner.
	scope *Scope
	// note is where the newest frame is to be noted while label sets with a
	// mark are about. Guarded by being the owner.
	note weak.Pointer[note]
	// blank tells, from the beginning on, that nothing was ever set in the
	// goroutine or in those it descends from. Its frames are there for their
	// trail alone, and what sets something begins another home.
	blank bool
	// tag leads to what the goroutine was started for, see [Origin], or is nil.
	// It is written before the home is shared.
	tag *tag
}

// nobody is the home of frames that nobody may change.
var nobody = new(Home)

// ownedBy reports whether the goroutine with the id g owns h.
func (h *Home) ownedBy(g uint64) bool { return atomic.LoadUint64(&h.owner) == g }

// close takes the home from its owner, who must be the caller.
func (h *Home) close() {
	if n := h.note.Value(); n != nil {
		n.drop()
	}
	h.scope, h.note = nil, noNote
	atomic.StoreUint64(&h.owner, 0)
}

func newFrame(labels []record, home *Home, values trie.Map, trail weak.Pointer[trail]) *Frame {
	f := &Frame{home: home, values: values, trail: trail}
	f.setLabels(labels)
	return f
}

// with returns a frame like f, which may be nil, with value for key. It is what
// setting a variable costs, so if there are but a few values, what is to hold
// them is part of the same allocation.
func (f *Frame) with(key uint32, value any, labels []record, home *Home) *Frame {
	values := f.Values()
	const few = 3
	var next *Frame
	if values.Width() < few {
		roomy := new(struct {
			Frame
			slots [few]any
		})
		next = &roomy.Frame
		values.WithIn(&next.values, key, value, roomy.slots[:])
	} else {
		next = new(Frame)
		values.WithIn(&next.values, key, value, nil)
	}
	next.home, next.trail = home, f.line()
	next.setLabels(labels)
	return next
}

func (f *Frame) setLabels(labels []record) {
	n := len(labels)
	if n == 0 {
		f.set.data = &noLabels
		return
	}
	records := make([]record, n+1)
	copy(records, labels)
	records[n] = record{key: unsafe.Pointer(&hiddenKey), val: unsafe.Pointer(f)}
	f.set = labelSet{data: &records[0], len: n, cap: n + 1}
}

// noLabels is what the set of a frame without labels points to. No other set
// does. It is never read.
var noLabels record

// Values returns what f holds. A nil Frame holds nothing.
func (f *Frame) Values() *trie.Map {
	if f == nil {
		return &noValues
	}
	return &f.values
}

// Flat, FlatGet and DeepGet are what [trie.Map] has by these names. Through
// Values they would not be inlined into a package that doesn't import that one.

// Flat reports whether FlatGet serves for f, which must not be nil, and DeepGet
// else.
func (f *Frame) Flat() bool { return f.values.Flat() }

// FlatGet returns the value of key, or nil.
func (f *Frame) FlatGet(key uint32) any { return f.values.FlatGet(key) }

// DeepGet returns the value of key, or nil.
func (f *Frame) DeepGet(key uint32) any { return f.values.DeepGet(key) }

var noValues trie.Map

// nothing holds no values and no labels.
var nothing = newFrame(nil, nobody, noValues, noTrail)

// isBlank reports whether f is nil or blank: whether the running goroutine, if
// f is its frame, never had a variable.
func (f *Frame) isBlank() bool { return f == nil || f.home.blank }

// line returns the trail that those who inherit f, which may be nil, enter.
func (f *Frame) line() weak.Pointer[trail] {
	if f == nil {
		return noTrail
	}
	return f.trail
}

// ownedBy reports whether the goroutine with the id g may change the line of
// frames that f is in. f may be nil.
func (f *Frame) ownedBy(g uint64) bool {
	return f != nil && f.home.ownedBy(g)
}

// homeOf returns the home for the changes that the running goroutine, whose id
// is g, makes to f: that of f if it is the owner and it isn't blank, and else a
// new one. f may be nil.
func (f *Frame) homeOf(g uint64) *Home {
	if f.ownedBy(g) && !f.home.blank {
		return f.home
	}
	home := &Home{owner: g, tag: f.tagged()}
	if t := f.line().Value(); t != nil {
		home.note = t.enter().weak
	}
	return home
}

// install puts f in the slot of the running goroutine, which must own f.home,
// and notes it wherever others look for the newest.
func (f *Frame) install() {
	f.home.publish(f)
	setProfLabel(unsafe.Pointer(f))
}

// publish notes f as the newest of h, which the running goroutine must own.
func (h *Home) publish(f *Frame) {
	if s := h.scope; s != nil {
		s.newest.Store(f)
	}
	if n := h.note.Value(); n != nil {
		n.set(f)
	}
}

// follow puts a frame like f, which may be nil, in the slot of the running
// goroutine, and returns it: one from which on everything that is set is noted
// in n, by the goroutine as the owner of home and by those that inherit from it
// in notes of their own. labels are those that are in the slot.
func (f *Frame) follow(n *note, home *Home, labels []record) *Frame {
	home.note = n.weak
	if f.isBlank() {
		home.blank = true // and nobody else knows of it yet
	}
	next := newFrame(labels, home, *f.Values(), n.trail.weak)
	next.install()
	return next
}

// Get returns the running goroutine's value of key, or nil.
func Get(key uint32) any { return Current().Values().Get(key) }

// Current returns the frame of the running goroutine, or nil if nothing was
// ever set in it or in those it descends from.
func Current() *Frame {
	s := (*labelSet)(getProfLabel())
	if s == nil {
		return nil
	}
	if f := s.frame(); f != nil {
		return f
	}
	return s.adopt()
}

// frame returns the frame that s is the beginning of, or nil.
//
// The result is s itself, and not what the hidden record leads to, so that a
// processor need not wait for the record to go on.
func (s *labelSet) frame() *Frame {
	if s.data == &noLabels {
		return (*Frame)(unsafe.Pointer(s))
	}
	if s.cap > s.len {
		// A set of pprof's may have spare capacity too. Reading it is in
		// bounds, and nobody writes it: sets are immutable once in a slot.
		if r := s.at(s.len); r.key == unsafe.Pointer(&hiddenKey) && r.val == unsafe.Pointer(s) {
			return (*Frame)(unsafe.Pointer(s))
		}
	}
	return nil
}

// slot returns the slot's content, and the frame in it if it is one. If it has
// a mark, a frame takes its place first.
func slot() (*labelSet, *Frame) {
	if f := Current(); f != nil {
		return &f.set, f
	}
	return (*labelSet)(getProfLabel()), nil
}
