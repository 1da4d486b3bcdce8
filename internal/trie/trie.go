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
// read one, copy one (it is a small struct) and derive others from it.
package trie

import "math/bits"

const (
	width = 5
	mask  = 1<<width - 1
)

// A Map is an immutable map from uint32 to non-nil values. The zero Map is
// empty. A Map is canonical: two that hold the same keys have the same shape,
// whatever updates led to them.
type Map struct {
	root  node
	size  int32
	shift uint8 // width × height of the root
}

// A node holds values at height 0, and *node above.
type node struct {
	bits  uint32
	slots []any
}

// Len returns the number of keys in m, in constant time.
func (m *Map) Len() int { return int(m.size) }

// Same reports whether m and o are copies of one another.
func (m *Map) Same(o *Map) bool {
	n := len(m.root.slots)
	return n == len(o.root.slots) && (n == 0 || &m.root.slots[0] == &o.root.slots[0])
}

// Get returns the value of key, or nil. It takes one step for each five bits of
// the largest key in m and allocates nothing.
func (m *Map) Get(key uint32) any {
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
func (m *Map) FlatGet(key uint32) any {
	bit := uint32(1) << key // 0 for a key past the node
	if m.root.bits&bit == 0 {
		return nil
	}
	return m.root.slots[bits.OnesCount32(m.root.bits&(bit-1))]
}

// DeepGet is Get for a map that isn't flat.
func (m *Map) DeepGet(key uint32) any {
	if key>>m.shift > mask {
		return nil
	}
	n, shift := &m.root, m.shift
	for {
		bit := uint32(1) << (key >> shift & mask)
		if n.bits&bit == 0 {
			return nil
		}
		v := n.slots[bits.OnesCount32(n.bits&(bit-1))]
		if shift == 0 {
			return v
		}
		n, shift = v.(*node), shift-width
	}
}

// With returns a Map that holds value, which must not be nil, for key, and what
// m holds for every other key.
func (m *Map) With(key uint32, value any) Map {
	var next Map
	m.WithIn(&next, key, value, nil)
	return next
}

// Width returns how many slots the root has. With gives it one more at most.
func (m *Map) Width() int { return len(m.root.slots) }

// WithIn makes next, which must be empty, what With returns. It uses room, of
// which there must be no other use, for the slots of the root if it has that
// many.
func (m *Map) WithIn(next *Map, key uint32, value any, room []any) {
	root, shift := &m.root, m.shift
	for key>>shift > mask {
		if root.bits != 0 {
			root = &node{bits: 1, slots: []any{root.copied()}}
		}
		shift += width
	}
	size := root.sizeWith(key, shift)
	if size <= len(room) {
		next.root.slots = room[:size:size]
	} else {
		next.root.slots = make([]any, size)
	}
	next.size, next.shift = m.size, shift
	if root.with(&next.root, key, value, shift) {
		next.size++
	}
}

// copied returns a copy of n that shares its slots.
func (n *node) copied() *node {
	c := *n
	return &c
}

// sizeWith returns how many slots n has once it has the one for key.
func (n *node) sizeWith(key uint32, shift uint8) int {
	if n.bits&(1<<(key>>shift&mask)) != 0 {
		return len(n.slots)
	}
	return len(n.slots) + 1
}

// with fills next, which has as many slots as sizeWith says, with what n has and
// value for key. It reports whether n had none for it.
func (n *node) with(next *node, key uint32, value any, shift uint8) (added bool) {
	bit := uint32(1) << (key >> shift & mask)
	at := bits.OnesCount32(n.bits & (bit - 1))
	has := n.bits&bit != 0
	if shift > 0 {
		lower := &noNode
		if has {
			lower = n.slots[at].(*node)
		}
		nextLower := newNode(lower.sizeWith(key, shift-width))
		added = lower.with(nextLower, key, value, shift-width)
		value = nextLower
	} else {
		added = !has
	}
	next.bits = n.bits | bit
	copySlots(next.slots, n.slots[:at])
	if has {
		copySlots(next.slots[at+1:], n.slots[at+1:])
	} else {
		copySlots(next.slots[at+1:], n.slots[at:])
	}
	next.slots[at] = value
	return added
}

// copySlots is copy, and faster where there are few, as there mostly are.
func copySlots(to, from []any) {
	if len(from) > 4 {
		copy(to, from)
		return
	}
	to = to[:len(from)]
	for i := range to {
		to[i] = from[i]
	}
}

var noNode node

// newNode returns a node with that many slots. The two are one allocation, with
// room to spare rather than a type for each size: an update makes one on every
// level but the highest.
func newNode(slots int) *node {
	switch {
	case slots == 1:
		n := new(struct {
			node
			array [1]any
		})
		n.slots = n.array[:slots:slots]
		return &n.node
	case slots <= 4:
		n := new(struct {
			node
			array [4]any
		})
		n.slots = n.array[:slots:slots]
		return &n.node
	case slots <= 12:
		n := new(struct {
			node
			array [12]any
		})
		n.slots = n.array[:slots:slots]
		return &n.node
	default:
		n := new(struct {
			node
			array [32]any
		})
		n.slots = n.array[:slots:slots]
		return &n.node
	}
}

// Without returns a Map that holds what m holds but for key.
func (m *Map) Without(key uint32) Map {
	if m.Get(key) == nil {
		return *m
	}
	root, shift := m.root.without(key, m.shift), m.shift
	// A root whose only child is the lowest one is a level too many.
	for shift > 0 && root.bits == 1 {
		root, shift = *root.slots[0].(*node), shift-width
	}
	if root.bits == 0 {
		return Map{}
	}
	return Map{root: root, size: m.size - 1, shift: shift}
}

// without removes a key that the node is known to hold.
func (n *node) without(key uint32, shift uint8) node {
	bit := uint32(1) << (key >> shift & mask)
	at := bits.OnesCount32(n.bits & (bit - 1))
	if shift > 0 {
		lower := n.slots[at].(*node).without(key, shift-width)
		if lower.bits != 0 {
			slots := make([]any, len(n.slots))
			copy(slots, n.slots)
			slots[at] = &lower
			return node{bits: n.bits, slots: slots}
		}
	}
	if n.bits == bit {
		return node{}
	}
	slots := make([]any, len(n.slots)-1)
	copy(slots, n.slots[:at])
	copy(slots[at:], n.slots[at+1:])
	return node{bits: n.bits &^ bit, slots: slots}
}

// All calls yield for each key and value of m, in the order of the keys, until
// it returns false.
func (m *Map) All(yield func(key uint32, value any) bool) {
	m.root.all(0, m.shift, yield)
}

func (n *node) all(prefix uint32, shift uint8, yield func(uint32, any) bool) bool {
	rest := n.bits
	for _, v := range n.slots {
		key := prefix | uint32(bits.TrailingZeros32(rest))<<shift
		rest &= rest - 1
		if shift == 0 {
			if !yield(key, v) {
				return false
			}
		} else if !v.(*node).all(key, shift-width, yield) {
			return false
		}
	}
	return true
}
