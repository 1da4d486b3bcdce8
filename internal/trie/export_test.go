package trie

import (
	"fmt"
	"math/bits"
	"slices"
	"unsafe"
)

// New returns an empty map with room for that many slots.
func New(slots int) *Map { return asMap(newNode(slots)) }

// A Sole is a map and the binding that was set last, as one object.
type Sole struct {
	Map
	_ [DeepSlots]unsafe.Pointer
	B Bound[int]
}

// Most is the number of bindings for which a front has room.
const Most = most

// Front returns the keys in the front of m.
func (m *Map) Front() (keys []uint32) {
	for _, b := range m.inOrder(nil) {
		keys = append(keys, b.Key.ID)
	}
	return keys
}

// Fault returns what is wrong with m, or "".
func (m *Map) Fault() string {
	if m.Flat() {
		return ""
	}
	switch {
	case m.shift != fronted && m.shift>>5 != owned>>5:
		return fmt.Sprint("a shift of ", m.shift)
	case m.shift >= owned && m.bits>>(m.shift-owned)&1 == 0:
		return "owned, and not there"
	case m.count() > most:
		return "too many in front"
	case m.base().bits == 0 && m.bits == 0 || m.base().shift == 0 && m.bits == 0:
		return "not flat"
	}
	rebuilt := &empty
	fault := ""
	m.base().all(0, func(key uint32, b *Binding) bool {
		rebuilt = rebuilt.with(key, b)
		if m.inFront(key) != nil {
			fault = fmt.Sprint(key, " is in the front and in the base")
		}
		return true
	})
	if Shape(rebuilt) != Shape(m.base()) {
		fault = Shape(m.base()) + " in place of " + Shape(rebuilt)
	}
	places := slices.Collect(func(yield func(uint32) bool) {
		for rest := m.bits; rest != 0 && yield(uint32(bits.TrailingZeros32(rest))); rest &= rest - 1 {
		}
	})
	for i, b := range m.slots(1, m.count()) {
		if id := (*Binding)(b).Key.ID; id&mask != places[i] {
			fault = fmt.Sprint(id, " is in the place of ", places[i])
		}
	}
	return fault
}

// Own returns the binding in m that is part of a larger object, or nil.
func (m *Map) Own() *Binding {
	if m.shift < owned {
		return nil
	}
	_, at := m.front(m.shift - owned)
	return (*Binding)(*m.slot(at))
}

// A Trie is a trie without a front.
type Trie = node

// Empty is the one without keys.
var Empty = &empty

func (n *node) With(key uint32, b *Binding) *node { return n.with(key, b) }
func (n *node) Without(key uint32) *node          { return n.without(key) }
func (n *node) All(yield func(uint32, *Binding) bool) {
	n.all(0, yield)
}

// Shape returns the nodes of n as text, without what they hold.
func Shape(n *node) string {
	text := fmt.Sprintf("%b/%d", n.bits, n.shift)
	if n.shift > 0 {
		for _, child := range n.children() {
			text += "(" + Shape((*node)(child)) + ")"
		}
	}
	return text
}
