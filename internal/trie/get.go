package trie

import "math/bits"

// Get returns the binding of key, or nil. It allocates nothing.
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

// DeepGet is Get for a map that isn't flat. Beside the look into the front, it
// takes one step for each five bits of the largest key in the base.
func (m *Map) DeepGet(key uint32) *Binding {
	low := uint32(1) << (key & mask)
	if m.bits&low != 0 {
		// This is inFront, without the call.
		if b := (*Binding)(*m.slot(1 + bits.OnesCount32(m.bits&(low-1)))); b.Key.ID == key {
			return b
		}
	}
	n := (*node)(*m.slot(0))
	if n.shift != width {
		return n.get(key)
	}
	// This is the loop in get for a base of two levels, as most are.
	if key >= 1<<(2*width) {
		return nil
	}
	bit := uint32(1) << (key >> width)
	if n.bits&bit == 0 {
		return nil
	}
	n = (*node)(*n.slot(bits.OnesCount32(n.bits & (bit - 1))))
	if n.bits&low == 0 {
		return nil
	}
	return (*Binding)(*n.slot(bits.OnesCount32(n.bits & (low - 1))))
}

// get returns the binding of key in a trie, or nil.
func (n *node) get(key uint32) *Binding {
	shift := n.shift
	if key>>(shift&31) > mask {
		return nil
	}
	for {
		bit := uint32(1) << (key >> (shift & 31) & mask)
		if n.bits&bit == 0 {
			return nil
		}
		child := *n.slot(bits.OnesCount32(n.bits & (bit - 1)))
		if shift == 0 {
			return (*Binding)(child)
		}
		n, shift = (*node)(child), shift-width
	}
}

// inFront returns the binding of key in the front of m, or nil.
func (m *Map) inFront(key uint32) *Binding {
	if bit, at := m.front(key); m.bits&bit != 0 {
		if b := (*Binding)(*m.slot(at)); b.Key.ID == key {
			return b
		}
	}
	return nil
}
