package gls

import (
	"sync/atomic"
	"unsafe"

	"github.com/heirloom-go/heirloom/internal/trie"
)

// A Frame is what a goroutine's slot holds: the labels of its profile samples,
// and the values of its variables. It does not change once installed.
type Frame struct {
	set    labelSet // first, for it is what the runtime and pprof see
	hidden record   // where the records are when no label is visible
	home   *Home
	values trie.Map
}

// A Home is the right to change one line of frames. Only the goroutine that
// owns it may change it or install frames with it; those that inherited such a
// frame have the pointer too, but look at owner alone and find it isn't theirs.
//
// It refers to no frame and, once closed, to no scope, so a frame handed down
// keeps alive the values it has, and not what its maker set later.
type Home struct {
	// owner is the address of the owning goroutine's g, and 0 once closed. It is
	// read and, after the home is shared, written atomically.
	owner uintptr
	// scope is the scope that this home was opened to run; nil in the
	// variables a goroutine begins with. Guarded by being the owner.
	scope *Scope
	// trail is where the newest frame is to be noted while label sets with a
	// mark are about. Guarded by being the owner; a pointer apart from the
	// home, for the homes of one goroutine share it.
	trail *trail
}

// ownedBy reports whether the goroutine g owns h.
func (h *Home) ownedBy(g uintptr) bool { return atomic.LoadUintptr(&h.owner) == g }

// close takes the home from its owner, who must be the caller.
func (h *Home) close() {
	h.scope, h.trail = nil, nil
	atomic.StoreUintptr(&h.owner, 0)
}

func newFrame(labels []record, home *Home, values trie.Map) *Frame {
	f := &Frame{home: home, values: values}
	records := unsafe.Slice(&f.hidden, 1)
	if n := len(labels); n > 0 {
		records = make([]record, n+1)
		copy(records, labels)
	}
	f.set = labelSet{data: &records[0], len: len(labels), cap: len(labels) + 1}
	records[len(labels)] = record{key: unsafe.Pointer(&hiddenKey), val: unsafe.Pointer(f)}
	return f
}

// Values returns what f holds. A nil Frame holds nothing.
func (f *Frame) Values() *trie.Map {
	if f == nil {
		return &noValues
	}
	return &f.values
}

var noValues trie.Map

// ownedBy reports whether the goroutine g may change the line of frames that f
// is in.
func (f *Frame) ownedBy(g uintptr) bool {
	return f != nil && f.home.ownedBy(g)
}

// install puts f in the slot of the running goroutine, which must own f.home,
// and notes it wherever others look for the newest.
func (f *Frame) install() {
	if s := f.home.scope; s != nil {
		s.newest.Store(f)
	}
	if t := f.home.trail; t != nil {
		t.newest.Store(f)
	}
	setProfLabel(unsafe.Pointer(f))
}

// Get returns the running goroutine's value of key, or nil. Reading variables
// is what programs do most, so it is Current().Values().Get(key) with the usual
// case inlined.
func Get(key uint32) any {
	s := (*labelSet)(getProfLabel())
	if s == nil {
		return nil
	}
	if f := s.frame(); f != nil && f.values.Flat() {
		return f.values.FlatGet(key)
	}
	return Current().Values().Get(key)
}

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
	f := Current()
	return (*labelSet)(getProfLabel()), f
}
