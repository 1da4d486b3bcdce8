//go:build !heirloom_exact

package gls

import "unsafe"

// A mark is a label record that runtime/pprof copies, with the user's labels,
// into the sets it makes. Its key and value are empty strings, so pprof's
// binary profiles leave it out; its data pointers lead back to a frame. It is
// for the goroutines that are started while such a set is in the slot of the
// one that asked for it, before that one uses a variable again.
//
// Sets with a mark are kept in contexts, and are put back, or on another
// goroutine, at any later time. So a mark counts for goroutines alone that the
// asker itself has started, and as long as the asker has not changed anything
// since: then it does not matter when they were started.
type mark struct {
	asker uint64     // the id of the goroutine that asked
	frame Ptr[Frame] // what it had; nil once it has changed something
	// set has the mark alone: the answer where there are no labels.
	set    labelSet
	record record
}

// Answer returns what a context answers for runtime/pprof's key that would
// answer labels without us. It must be called by the goroutine that asked, and
// lets it begin.
//
// It does not matter which of pprof's functions asks. WithLabels copies the mark
// into its set, and SetGoroutineLabels puts it in the slot, where it counts for
// children and means nothing to the goroutine itself, which has begun.
func Answer(labels any) any {
	f := Current()
	c, begun := cellHere()
	if !begun {
		c.note(f)
	}
	if f.Values().Len() == 0 {
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

// markOf returns the mark for what the owner of c, the running goroutine, has:
// f.
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

// mark returns the mark that s begins with, or nil. Labels are sorted by key
// and no key sorts before the empty one, so it can't be further on.
func (s *labelSet) mark() *mark {
	if s != nil && s.len > 0 && s.data.key == unsafe.Pointer(&markKey) {
		return (*mark)(s.data.val)
	}
	return nil
}

// frameFor returns what m, which may be nil, leads the goroutine in g to, or
// nil.
func (m *mark) frameFor(g unsafe.Pointer) *Frame {
	if m == nil || m.asker != parentIn(g) {
		return nil
	}
	return m.frame.Load()
}
