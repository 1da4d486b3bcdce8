package trie

import (
	"math"
	"math/bits"
	"slices"
	"unsafe"
)

// A Map is an immutable map from uint32 to bindings. Until it gets a key above 31, it is
// flat, which is a trie of a single node. Otherwise it has a
// front, as the package comment describes, at least until nothing is left there and
// the base has no such key. It must not be copied, because its slots, of which there are
// as many as Slots says, follow it in memory. The zero Map is empty, and has
// none.
//
// The number of a key in the front, and every key whose binding is given to a
// Map with a front, is the ID of the binding's Key.
type Map struct{ node }

// The shifts of a Map with a front. The first slot is the base, a *node, and the
// others are the bindings of the front.
const (
	fronted = 32
	// owned and the 31 numbers above it are those of a Map of which one binding
	// is part of a larger object, together with a Map with the same bindings. The
	// difference to owned is the binding's bit.
	owned = 64
)

// most is the number of bindings for which a front has room. With more, updates
// of the trie would become less frequent, but setting a variable would copy and
// allocate more.
const most = 3

// DeepSlots is the largest number of slots of a Map with a front.
const DeepSlots = 1 + most

// front returns the bits and the place of key in the front of a map.
func (m *Map) front(key uint32) (bit uint32, at int) {
	bit = uint32(1) << (key & mask)
	return bit, 1 + bits.OnesCount32(m.bits&(bit-1))
}

// base returns a trie with what m holds outside of its front.
func (m *Map) base() *node {
	switch {
	case !m.Flat():
		return (*node)(*m.slot(0))
	case m.bits == 0:
		return &empty // m may be part of a larger object, which is not needed
	default:
		return &m.node
	}
}

// Slots returns how many slots m has.
func (m *Map) Slots() int {
	if m.Flat() {
		return m.count()
	}
	return 1 + m.count()
}

// Empty reports whether m holds nothing.
func (m *Map) Empty() bool { return m.bits == 0 && m.base().bits == 0 }

// Len returns the number of keys in m.
func (m *Map) Len() int {
	if m.Flat() {
		return m.count()
	}
	return m.count() + m.base().len()
}

// Same reports whether m is a copy of o. If it is, they hold the very same
// bindings; if not, they may do so too.
func (m *Map) Same(o *Map) bool {
	return m.bits == o.bits && m.shift == o.shift && slices.Equal(m.slots(0, m.Slots()), o.slots(0, o.Slots()))
}

// fits reports whether the front of m has key, or room for it.
func (m *Map) fits(key uint32) bool {
	bit, at := m.front(key)
	if m.bits&bit == 0 {
		return m.count() < most
	}
	return (*Binding)(*m.slot(at)).Key.ID == key
}

// SlotsWith returns how many slots a map has that With makes of m.
func (m *Map) SlotsWith(key uint32) int {
	switch bit, _ := m.front(key); {
	case m.Flat() && key <= mask:
		return bits.OnesCount32(m.bits | bit)
	case m.Flat() || !m.fits(key):
		return 2
	default:
		return 1 + bits.OnesCount32(m.bits|bit)
	}
}

// Alone reports whether a map that With makes of m is flat and holds nothing but
// key.
func (m *Map) Alone(key uint32) bool {
	return m.Flat() && key <= mask && m.bits&^(1<<key) == 0
}

// Deep reports whether a map that With makes of m has a front.
func (m *Map) Deep(key uint32) bool { return !m.Flat() || key > mask }

// With makes next hold b for key, and what m holds for every other key. It
// returns what m holds for key, or nil. next must be empty and have room for
// SlotsWith(key) slots behind it.
//
// If own is true, b and next are parts of one object, and Alone or Deep is true.
// In the latter case, b keeps all of next alive. So maps with other bindings that
// are made of next have a copy of b. Otherwise values that have been replaced
// would stay alive for as long as b.
func (m *Map) With(next *Map, key uint32, b *Binding, own bool) (old *Binding) {
	if !m.Deep(key) {
		place, was := next.widen(&m.node, 1<<key)
		*place = unsafe.Pointer(b)
		return (*Binding)(was)
	}
	next.shift = fronted
	if own {
		next.shift = owned + key&mask
	}
	bit, at := m.front(key)
	if m.Flat() {
		next.begin(m.base(), bit, b) // key is too large to be in it
		return nil
	}
	if m.bits&bit != 0 {
		if old = (*Binding)(*m.slot(at)); old.Key.ID == key {
			next.bits = m.bits
			for i := range m.Slots() {
				*next.slot(i) = *m.slot(i)
			}
			*next.slot(at) = unsafe.Pointer(b)
			if m.shift >= owned {
				next.release(m, key)
			}
			return old
		}
	}
	return m.withMoved(next, key, b)
}

// withMoved is With for a key that is not in the front of m.
func (m *Map) withMoved(next *Map, key uint32, b *Binding) (old *Binding) {
	bit, at := m.front(key)
	base := m.base()
	if old = m.DeepGet(key); old != nil {
		base = base.without(key)
	}
	if !m.fits(key) {
		for _, b := range m.slots(1, m.count()) {
			b := m.Apart((*Binding)(b))
			base = base.with(b.Key.ID, b)
		}
		next.begin(base, bit, b)
		return old
	}
	next.bits = m.bits | bit
	copySlots(&next.node, &m.node, 1, 1, at-1)
	copySlots(&next.node, &m.node, at+1, at, m.Slots()-at)
	*next.slot(0), *next.slot(at) = unsafe.Pointer(base), unsafe.Pointer(b)
	if m.shift >= owned {
		next.release(m, key)
	}
	return old
}

// release puts a copy in place of the binding that m has from an object of which
// from is a part, unless it is that of key.
func (m *Map) release(from *Map, key uint32) {
	if own := from.shift - owned; own != key&mask {
		_, at := m.front(own)
		*m.slot(at) = unsafe.Pointer(from.Apart((*Binding)(*m.slot(at))))
	}
}

// begin makes b the only binding in front of base.
func (m *Map) begin(base *node, bit uint32, b *Binding) {
	m.bits = bit
	*m.slot(0), *m.slot(1) = unsafe.Pointer(base), unsafe.Pointer(b)
}

// Apart returns b, which m holds, as an object that keeps nothing else in m
// alive: a copy of it, if it is part of a larger object with a front. b may be
// nil.
func (m *Map) Apart(b *Binding) *Binding {
	if m.shift < owned || b == nil {
		return b
	}
	return m.apart(b)
}

func (m *Map) apart(b *Binding) *Binding {
	if _, at := m.front(m.shift - owned); *m.slot(at) == unsafe.Pointer(b) {
		return b.Key.Copy(b)
	}
	return b
}

// Handy reports whether setting key, which m holds, costs no update of the trie,
// and the binding that is replaced is an object of its own.
func (m *Map) Handy(key uint32) bool { return m.Flat() || m.handy(key) }
func (m *Map) handy(key uint32) bool { return m.inFront(key) != nil && m.shift != owned+key&mask }

// Copy makes next hold what m holds. next must be empty and have room for as
// many slots as m has.
func (m *Map) Copy(next *Map) {
	*next = *m
	copySlots(&next.node, &m.node, 0, 0, m.Slots())
}

// Without returns a Map that holds what m holds but for key.
func (m *Map) Without(key uint32) *Map {
	if m.Flat() {
		if m.FlatGet(key) == nil {
			return m
		}
		return asMap(m.without(key))
	}
	base, rest := m.base(), m.bits
	if m.inFront(key) != nil {
		bit, _ := m.front(key)
		rest &^= bit
	} else if m.DeepGet(key) != nil {
		base = base.without(key)
	} else {
		return m
	}
	if rest == 0 && base.shift == 0 {
		return asMap(base)
	}
	next, at := asMap(newNode(1+bits.OnesCount32(rest))), 1
	next.bits, next.shift = rest, fronted
	*next.slot(0) = unsafe.Pointer(base)
	for _, b := range m.slots(1, m.count()) {
		if b := (*Binding)(b); b.Key.ID != key {
			*next.slot(at) = unsafe.Pointer(m.Apart(b))
			at++
		}
	}
	return next
}

// asMap returns n, of one level or to become a Map with a front, as a Map.
func asMap(n *node) *Map { return (*Map)(unsafe.Pointer(n)) }

// All calls yield for each key and binding of m, in the order of the keys, until
// it returns false.
func (m *Map) All(yield func(key uint32, b *Binding) bool) {
	var room [most]*Binding
	front := m.inOrder(room[:0])
	// first yields the bindings in the front up to the key.
	first := func(key uint32) bool {
		for len(front) > 0 && front[0].Key.ID <= key {
			b := front[0]
			if front = front[1:]; !yield(b.Key.ID, b) {
				return false
			}
		}
		return true
	}
	if m.base().all(0, func(key uint32, b *Binding) bool { return first(key) && yield(key, b) }) {
		first(math.MaxUint32)
	}
}

// inOrder appends the bindings in the front of m to front, which is empty, in the
// order of their keys.
func (m *Map) inOrder(front []*Binding) []*Binding {
	if m.Flat() {
		return front
	}
	// Sorted by insertion, for slices.SortFunc would be in each program.
	for _, b := range m.slots(1, m.count()) {
		front = append(front, nil)
		i := len(front) - 1
		for ; i > 0 && front[i-1].Key.ID > (*Binding)(b).Key.ID; i-- {
			front[i] = front[i-1]
		}
		front[i] = (*Binding)(b)
	}
	return front
}
