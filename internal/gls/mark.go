//go:build !heirloom_exact

package gls

import "unsafe"

// A mark is a label record that runtime/pprof copies, with the user's labels,
// into the sets it makes. Its key and value are empty strings, so pprof's
// binary profiles leave it out; their data pointers lead back to a frame. A
// mark is meant for goroutines that are started while such a set is in the slot
// of the goroutine that asked for it, before that goroutine uses a variable
// again.
//
// Sets with a mark are kept in contexts. They may be put back into a slot at
// any later time, even of another goroutine. So a mark counts only for
// goroutines that the asker itself has started, and only as long as the asker
// has changed nothing since: then it does not matter when they were started.
type mark struct {
	asker uint64     // the id of the goroutine that asked
	frame Ptr[Frame] // the asker's frame; nil once the asker has changed something
	// set contains only the mark: the answer if there are no labels.
	set    labelSet
	record record
}

// Answer returns what a context must return for runtime/pprof's key if, without
// this package, it would return labels. The goroutine that asks must call it,
// and begins with the call.
//
// It does not matter which of pprof's functions asks. WithLabels copies the
// mark into its set, and SetGoroutineLabels puts that into the slot, where the
// mark counts for children. For the goroutine itself it has no meaning, because
// that goroutine has begun.
func Answer(labels any) any {
	f := Current()
	c, begun := cellHere()
	if !begun {
		c.note(f)
	}
	if f.Values().Empty() {
		return labels
	}
	m := c.markOf(f)
	set := labelsIn(labels)
	if set.mark() == m {
		return labels
	}
	visible := set.visible()
	if len(visible) == 0 {
		return labelValue(&m.set)
	}
	records := make([]record, 1, 1+len(visible))
	records[0] = m.record
	return labelValue(plainLabels(append(records, visible...)))
}

// markOf returns the mark for f, the current frame of the owner of c, which is
// the running goroutine.
//
//go:norace
func (c *cell) markOf(f *Frame) *mark {
	if m := c.mark; m != nil {
		return m
	}
	m := &mark{asker: c.owner.Load()}
	m.frame.Init(f)
	m.record = record{key: unsafe.Pointer(&markKey), val: unsafe.Pointer(m)}
	m.set = labelSet{data: &m.record, len: 1, cap: 1}
	c.mark = m
	return m
}

// mark returns the mark with which s begins, or nil. Labels are sorted by key
// and no key sorts before the empty one, so a mark is always first.
func (s *labelSet) mark() *mark {
	if s != nil && s.len > 0 && s.data.key == unsafe.Pointer(&markKey) {
		return (*mark)(s.data.val)
	}
	return nil
}

// frameFor returns the frame to which m, which may be nil, leads the goroutine
// in g, or nil.
func (m *mark) frameFor(g unsafe.Pointer) *Frame {
	if m == nil || m.asker != parentIn(g) {
		return nil
	}
	return m.frame.Load()
}
