// Package trie is the persistent map that holds the values of context
// variables: a bitmap trie over small integers.
//
// Every variable has a sequence number of its own, and that number is the key.
// There is nothing to hash and nothing can collide, so the trie needs neither
// the collision nodes nor the hash and equality functions of the hash array
// mapped trie (Bagwell, "Ideal Hash Trees", 2001) that CPython's contextvars
// use, and which this is a simplification of.
//
// A key is read five bits at a time, the highest first. A node has a bitmap of
// the children that exist and an array with just those, in the bitmap's order,
// so a child's place is the number of bits set below its own:
//
//	height 1   bits 0b101         keys 0..1023
//	           ├── [0] ──► bits 0b11    height 0, keys 0..31:  values of 0, 1
//	           └── [2] ──► bits 0b1000  height 0, keys 64..95: value of 67
//
// A trie is as high as its largest key asks for: one node up to key 31, two
// levels up to key 1023. An update copies the nodes on its path and shares the
// rest, so a [Map] never changes once made and any number of goroutines may
// read one and derive others from it.
//
// # Memory
//
// Setting a variable costs what it allocates, and reading one costs the
// pointers that are followed. So a node is one object, its array behind its
// bitmap, and an element of the array is one pointer. The root can be the end of
// a larger object, which the caller allocates: this is how a frame of package
// gls and its values are one object. Go has no type for an array whose length is
// known only at run time, so the elements are reached with unsafe, in the
// method array and in slot.
package trie

import (
	"math/bits"
	"slices"
	"unsafe"
)

const (
	width = 5
	mask  = 1<<width - 1
)

// A Map is an immutable map from uint32 to bindings. It is a node of a trie, with
// what is below it. It must not be copied, because its slots, of which there are
// as many as Slots says, follow it in memory. The zero Map is empty, and has
// none.
//
// A Map is canonical: two that hold the same keys have the same shape, whatever
// updates led to them.
type Map struct {
	// A Map must not be compared with ==. The compiler would make a function for
	// that purpose, for each type that begins with a Map, and each program would
	// have all of them.
	_     [0]func()
	bits  uint32
	shift uint32 // width × height
}

// headSize is a multiple of the size of a pointer, so the slots follow a Map
// without a gap.
const headSize = unsafe.Sizeof(Map{})

// slot returns the address of a slot, which holds a *Binding at height 0, and a
// *Map above. Unlike array, it is small enough to be inlined into FlatGet.
func (m *Map) slot(at int) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(m), headSize+uintptr(at)*unsafe.Sizeof(uintptr(0))))
}

// array returns the slots.
func (m *Map) array() []unsafe.Pointer {
	if m.bits == 0 {
		return nil // nothing may follow m
	}
	return unsafe.Slice(m.slot(0), m.Slots())
}

// Slots returns how many slots m has.
func (m *Map) Slots() int { return bits.OnesCount32(m.bits) }

// Len returns the number of keys in m.
func (m *Map) Len() int {
	if m.shift == 0 {
		return m.Slots()
	}
	n := 0
	for _, child := range m.array() {
		n += (*Map)(child).Len()
	}
	return n
}

// Same reports whether m and o hold the very same bindings.
func (m *Map) Same(o *Map) bool {
	return m.bits == o.bits && m.shift == o.shift && slices.Equal(m.array(), o.array())
}

// Get returns the binding of key, or nil. It takes one step for each five bits
// of the largest key in m and allocates nothing.
func (m *Map) Get(key uint32) *Binding {
	if m.Flat() {
		return m.FlatGet(key)
	}
	return m.DeepGet(key)
}

// Flat reports whether m is a single node, so that FlatGet serves, and DeepGet
// else. It and FlatGet are small enough to be inlined where every call counts;
// elsewhere use Get.
func (m *Map) Flat() bool { return m.shift == 0 }

// FlatGet is Get for a flat map.
func (m *Map) FlatGet(key uint32) *Binding {
	bit := uint32(1) << key // 0 for a key past the node
	if m.bits&bit == 0 {
		return nil
	}
	return (*Binding)(*m.slot(bits.OnesCount32(m.bits & (bit - 1))))
}

// DeepGet is Get for a map that isn't flat.
func (m *Map) DeepGet(key uint32) *Binding {
	shift := m.shift
	if key>>shift > mask {
		return nil
	}
	for {
		bit := uint32(1) << (key >> (shift & 31) & mask)
		if m.bits&bit == 0 {
			return nil
		}
		child := *m.slot(bits.OnesCount32(m.bits & (bit - 1)))
		if shift == 0 {
			return (*Binding)(child)
		}
		m, shift = (*Map)(child), shift-width
	}
}

// SlotsWith returns how many slots a map has that holds key and what m holds.
func (m *Map) SlotsWith(key uint32) int {
	if key>>m.shift > mask && m.bits != 0 {
		return 2 // a child for what m holds, and another for key
	}
	return m.sizeWith(key)
}

// Alone reports whether a map that holds key and what m holds is flat and holds
// nothing but key.
func (m *Map) Alone(key uint32) bool {
	return m.shift == 0 && key <= mask && m.bits&^(1<<key) == 0
}

// With makes next hold b for key, and what m holds for every other key. It
// returns what m holds for key, or nil. next must be empty and have room for
// SlotsWith(key) slots behind it.
func (m *Map) With(next *Map, key uint32, b *Binding) *Binding {
	if key>>m.shift > mask {
		return m.withHigh(next, key, b)
	}
	return m.with(next, key, b)
}

// withHigh is With for a key that asks for a higher map than m.
func (m *Map) withHigh(next *Map, key uint32, b *Binding) *Binding {
	if m.bits == 0 {
		high := Map{shift: m.shift}
		for key>>high.shift > mask {
			high.shift += width
		}
		return high.with(next, key, b)
	}
	high := m.copied()
	for key>>high.shift > mask {
		lower := high
		high = newNode(1)
		high.bits, high.shift = 1, lower.shift+width
		*high.slot(0) = unsafe.Pointer(lower)
	}
	return high.with(next, key, b)
}

// sizeWith is SlotsWith for a key that belongs below m.
func (m *Map) sizeWith(key uint32) int {
	return bits.OnesCount32(m.bits | 1<<(key>>m.shift&mask))
}

// with is With for a key that belongs below m.
func (m *Map) with(next *Map, key uint32, b *Binding) *Binding {
	bit := uint32(1) << (key >> m.shift & mask)
	at := bits.OnesCount32(m.bits & (bit - 1))
	next.bits, next.shift = m.bits|bit, m.shift
	var old unsafe.Pointer
	if m.bits&bit != 0 {
		old = *m.slot(at)
		copySlots(next, m, 0, 0, m.Slots())
	} else {
		copySlots(next, m, 0, 0, at)
		copySlots(next, m, at+1, at, m.Slots()-at)
	}
	if m.shift == 0 {
		*next.slot(at) = unsafe.Pointer(b)
		return (*Binding)(old)
	}
	lower := (*Map)(old)
	if lower == nil {
		lower = &Map{shift: m.shift - width}
	}
	nextLower := newNode(lower.sizeWith(key))
	*next.slot(at) = unsafe.Pointer(nextLower)
	return lower.with(nextLower, key, b)
}

// Copy makes next hold what m holds. next must be empty and have room for as
// many slots as m has.
func (m *Map) Copy(next *Map) {
	*next = *m
	copySlots(next, m, 0, 0, m.Slots())
}

// copied returns a copy of m.
func (m *Map) copied() *Map {
	n := newNode(m.Slots())
	m.Copy(n)
	return n
}

// copySlots copies n slots: those of from, beginning with the one at fromAt, to
// those of to, beginning with the one at at. For a few, as there mostly are, a
// loop is faster than copy.
func copySlots(to, from *Map, at, fromAt, n int) {
	if n > 6 {
		copy(unsafe.Slice(to.slot(at), n), unsafe.Slice(from.slot(fromAt), n))
		return
	}
	for i := range n {
		*to.slot(at + i) = *from.slot(fromAt + i)
	}
}

// A sized is a node with room for its slots, an array.
type sized[Array any] struct {
	Map
	_ Array
}

// newNode returns an empty node with room for that many slots. There is a type
// for each size in which the runtime allocates memory up to 64 bytes, and for
// some of the larger ones.
func newNode(slots int) *Map {
	switch {
	case slots <= 1:
		return &new(sized[[1]unsafe.Pointer]).Map
	case slots <= 3:
		return &new(sized[[3]unsafe.Pointer]).Map
	case slots <= 7:
		return &new(sized[[7]unsafe.Pointer]).Map
	case slots <= 15:
		return &new(sized[[15]unsafe.Pointer]).Map
	case slots <= 23:
		return &new(sized[[23]unsafe.Pointer]).Map
	default:
		return &new(sized[[32]unsafe.Pointer]).Map
	}
}

// Without returns a Map that holds what m holds but for key.
func (m *Map) Without(key uint32) *Map {
	if m.Get(key) == nil {
		return m
	}
	root := m.without(key)
	// A root whose only child is the lowest one is a level too many.
	for root.bits == 1 && root.shift > 0 {
		root = (*Map)(*root.slot(0))
	}
	return root
}

// without removes a key that m is known to hold.
func (m *Map) without(key uint32) *Map {
	bit := uint32(1) << (key >> m.shift & mask)
	at := bits.OnesCount32(m.bits & (bit - 1))
	if m.shift > 0 {
		if lower := (*Map)(*m.slot(at)).without(key); lower.bits != 0 {
			next := m.copied()
			*next.slot(at) = unsafe.Pointer(lower)
			return next
		}
	}
	if m.bits == bit {
		return new(Map)
	}
	next := newNode(m.Slots() - 1)
	next.bits, next.shift = m.bits&^bit, m.shift
	copy(next.array(), m.array()[:at])
	copy(next.array()[at:], m.array()[at+1:])
	return next
}

// All calls yield for each key and binding of m, in the order of the keys, until
// it returns false.
func (m *Map) All(yield func(key uint32, b *Binding) bool) { m.all(0, yield) }

func (m *Map) all(prefix uint32, yield func(uint32, *Binding) bool) bool {
	rest := m.bits
	for _, child := range m.array() {
		key := prefix | uint32(bits.TrailingZeros32(rest))<<m.shift
		rest &= rest - 1
		if m.shift == 0 {
			if !yield(key, (*Binding)(child)) {
				return false
			}
		} else if !(*Map)(child).all(key, yield) {
			return false
		}
	}
	return true
}
