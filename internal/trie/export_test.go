package trie

import "fmt"

// New returns an empty map with room for that many slots.
func New(slots int) *Map { return newNode(slots) }

// Shape returns the nodes of m as text, without what they hold.
func Shape(m *Map) string {
	text := fmt.Sprintf("%b/%d", m.bits, m.shift)
	if m.shift > 0 {
		for _, child := range m.array() {
			text += "(" + Shape((*Map)(child)) + ")"
		}
	}
	return text
}
