// Package trie is the persistent map that holds the values of context
// variables: a bitmap trie over small integers, with a few bindings in front of
// it.
//
// Every variable has a sequence number of its own, and that number is the key.
// There is nothing to hash and nothing can collide, so the trie needs neither
// the collision nodes nor the hash and equality functions of the hash array
// mapped trie (Bagwell, "Ideal Hash Trees", 2001) that CPython's contextvars
// use, and of which this trie is a simplification.
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
// rest, so a trie never changes once made and any number of goroutines may read
// one and derive others from it. A trie is canonical: two that hold the same
// keys have the same shape, whatever updates led to them.
//
// # The front
//
// Where keys are larger than 31, an update of a trie would copy two nodes of up
// to 32 slots. So a [Map] with such a key is a front of a few bindings and a
// base, a trie with all others:
//
//	front  bits 0b1010   [base] [value of 1] [value of 995]
//	                        └──► height 1, keys 0..1023, without 1 and 995
//
// A key's place in the front is given by its lowest five bits. Setting a key that
// is in the front copies the front. Setting another key removes it from the base,
// if it is there, and adds it to the front. If the front has no place for it, the
// front's bindings move into the base first. So each move into the front and
// back costs an update of the trie, and the variables that a goroutine has set
// last are cheap to set. If a flat map becomes the base of a front, it stays where it is, so the front may
// keep the object alive of which that map is the end.
//
// No key is in both. A binding in the base behind one in the front would stay
// alive with the map, although nothing can read it: that would be a leak.
//
// # Memory
//
// Setting a variable costs what it allocates, and reading one costs the
// pointers that are followed. So a node is one object, its array behind its
// bitmap, and an element of the array is one pointer. A Map can be the end of
// a larger object, which the caller allocates: this is how a frame of package
// gls and its values are one object. Go has no type for an array whose length is
// known only at run time, so the elements are reached with unsafe, in the
// methods slots and slot. A Map and the root of a trie have the same layout, so base
// and asMap convert one to the other with unsafe.
//
// A Map with a front and the binding that was set last may be parts of one object
// too, which spares an allocation: see [Map.With].
package trie

import (
	"math/bits"
	"unsafe"
)

const (
	width = 5
	mask  = 1<<width - 1
)

// A node is a trie with its root, or what is below a node of one. It must not be
// copied, because its slots, one for each bit, follow it in memory.
type node struct {
	// A node must not be compared with ==. The compiler would make a function for
	// that purpose, for each type that begins with a node, and each program would
	// have all of them.
	_     [0]func()
	bits  uint32
	shift uint32 // width × height
}

// empty is the trie without keys.
var empty node

// headSize is a multiple of the size of a pointer, so the slots follow a node
// without a gap.
const headSize = unsafe.Sizeof(node{})

// slot returns the address of a slot, which holds a *Binding at height 0, and a
// *node above. Unlike slots, it is small enough to be inlined into FlatGet.
func (n *node) slot(at int) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(n), headSize+uintptr(at)*unsafe.Sizeof(uintptr(0))))
}

// slots returns that many slots, beginning with the one at at.
func (n *node) slots(at, count int) []unsafe.Pointer {
	if count == 0 {
		return nil // nothing may follow n
	}
	return unsafe.Slice(n.slot(at), count)
}

// children returns all slots.
func (n *node) children() []unsafe.Pointer { return n.slots(0, n.count()) }

// count returns how many bits are set.
func (n *node) count() int { return bits.OnesCount32(n.bits) }

func (n *node) len() int {
	if n.shift == 0 {
		return n.count()
	}
	sum := 0
	for _, child := range n.children() {
		sum += (*node)(child).len()
	}
	return sum
}

// with returns a trie that holds b for key, and what n holds for every other key.
func (n *node) with(key uint32, b *Binding) *node {
	if key>>n.shift > mask {
		n = n.raised(key)
	}
	return n.put(key, b)
}

// put is with for a key that belongs below n.
func (n *node) put(key uint32, b *Binding) *node {
	bit := uint32(1) << (key >> n.shift & mask)
	next := newNode(bits.OnesCount32(n.bits | bit))
	next.shift = n.shift
	place, old := next.widen(n, bit)
	if n.shift == 0 {
		*place = unsafe.Pointer(b)
		return next
	}
	lower := (*node)(old)
	if lower == nil {
		lower = &node{shift: n.shift - width}
	}
	*place = unsafe.Pointer(lower.put(key, b))
	return next
}

// widen gives n, which is empty, the bits and the slots of from, and a slot for
// bit, if from has none. It returns the address of the slot for bit, and what that
// of from holds, or nil.
func (n *node) widen(from *node, bit uint32) (place *unsafe.Pointer, old unsafe.Pointer) {
	at, end := bits.OnesCount32(from.bits&(bit-1)), from.count()
	n.bits = from.bits | bit
	if from.bits&bit != 0 {
		old = *from.slot(at)
		copySlots(n, from, 0, 0, end)
	} else {
		copySlots(n, from, 0, 0, at)
		copySlots(n, from, at+1, at, end-at)
	}
	return n.slot(at), old
}

// raised returns a trie that holds what n holds, and is high enough for key.
func (n *node) raised(key uint32) *node {
	high := &node{shift: n.shift}
	if n.bits != 0 {
		high = n.copied() // n may be part of a larger object
	}
	for key>>high.shift > mask {
		lower := high
		if lower.bits == 0 {
			high = &node{shift: lower.shift + width}
			continue
		}
		high = newNode(1)
		high.bits, high.shift = 1, lower.shift+width
		*high.slot(0) = unsafe.Pointer(lower)
	}
	return high
}

func (n *node) copied() *node {
	next := newNode(n.count())
	*next = *n
	copySlots(next, n, 0, 0, n.count())
	return next
}

// copySlots copies n slots: those of from, beginning with the one at fromAt, to
// those of to, beginning with the one at at. For a few, as there mostly are, a
// loop is faster than copy.
func copySlots(to, from *node, at, fromAt, n int) {
	if n > 6 {
		copy(to.slots(at, n), from.slots(fromAt, n))
		return
	}
	for i := range n {
		*to.slot(at + i) = *from.slot(fromAt + i)
	}
}

// A sized is a node with room for its slots, an array.
type sized[Array any] struct {
	node
	_ Array
}

// newNode returns an empty node with room for that many slots. There is a type
// for each size in which the runtime allocates memory up to 64 bytes, and for
// some of the larger ones.
func newNode(slots int) *node {
	switch {
	case slots <= 1:
		return &new(sized[[1]unsafe.Pointer]).node
	case slots <= 3:
		return &new(sized[[3]unsafe.Pointer]).node
	case slots <= 7:
		return &new(sized[[7]unsafe.Pointer]).node
	case slots <= 15:
		return &new(sized[[15]unsafe.Pointer]).node
	case slots <= 23:
		return &new(sized[[23]unsafe.Pointer]).node
	default:
		return &new(sized[[32]unsafe.Pointer]).node
	}
}

// without returns a trie that holds what n holds but for key, which n must hold.
func (n *node) without(key uint32) *node {
	root := n.pruned(key)
	// A root whose only child is the lowest one is a level too many.
	for root.bits == 1 && root.shift > 0 {
		root = (*node)(*root.slot(0))
	}
	return root
}

// pruned is without, but for the height. An empty trie is the empty one.
func (n *node) pruned(key uint32) *node {
	bit := uint32(1) << (key >> n.shift & mask)
	at := bits.OnesCount32(n.bits & (bit - 1))
	if n.shift > 0 {
		if lower := (*node)(*n.slot(at)).pruned(key); lower.bits != 0 {
			next := n.copied()
			*next.slot(at) = unsafe.Pointer(lower)
			return next
		}
	}
	if n.bits == bit {
		return &empty
	}
	next := newNode(n.count() - 1)
	next.bits, next.shift = n.bits&^bit, n.shift
	copySlots(next, n, 0, 0, at)
	copySlots(next, n, at, at+1, n.count()-at-1)
	return next
}

// all calls yield for each key and binding of n, in the order of the keys, until
// it returns false. prefix has the bits of the keys above those of n.
func (n *node) all(prefix uint32, yield func(uint32, *Binding) bool) bool {
	rest := n.bits
	for _, child := range n.children() {
		key := prefix | uint32(bits.TrailingZeros32(rest))<<n.shift
		rest &= rest - 1
		if n.shift == 0 {
			if !yield(key, (*Binding)(child)) {
				return false
			}
		} else if !(*node)(child).all(key, yield) {
			return false
		}
	}
	return true
}
