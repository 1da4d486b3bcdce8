package gls

import (
	"context"
	"unsafe"
)

// A mark is a label record that runtime/pprof copies, with the user's labels,
// into the sets it makes. Its key and value are empty strings, so pprof's
// binary profiles leave it out; its data pointers lead back to a frame. It is
// in a goroutine's slot from the start of a pprof.Do until the first use of a
// variable inside.
type mark struct {
	// frame is what the goroutine that asked for the mark had then. Whoever
	// inherits the mark has these values.
	frame *Frame
	// trail leads from there to what goroutines set since.
	trail *trail
}

// adopt puts a frame in place of s, which is in the slot and is not a frame, and
// returns it. It returns nil, and changes nothing, if s has no mark.
//
// It is apart from its callers, and stays so, to keep them small.
//
//go:noinline
func (s *labelSet) adopt() *Frame {
	m := s.mark()
	if m == nil {
		return nil
	}
	f := m.frame
	if n := m.trail.find(); n != nil && n.newest != nil {
		f = n.newest
	}
	adopted := newFrame(s.visible(), f.home, f.values, m.trail.weak)
	if adopted.ownedBy(goid()) {
		f.home.publish(adopted)
	}
	setProfLabel(unsafe.Pointer(adopted))
	return adopted
}

// CarrierKey is the key under which a context of ours returns the *Frame, which
// may be nil, that it carries.
type CarrierKey struct{}

// PprofKey reports whether key is the one that runtime/pprof keeps labels under.
func PprofKey(key any) bool { return key == pprofKey }

// GoroutineLabels returns, as a value for runtime/pprof's key, the labels that
// the running goroutine has.
func GoroutineLabels() any {
	return labelValue(plainLabels((*labelSet)(getProfLabel()).visible()))
}

// HasLabels reports whether ctx has labels for runtime/pprof.
func HasLabels(ctx context.Context) bool {
	return len(labelsIn(ctx.Value(pprofKey)).visible()) > 0
}

// Answer returns what a context answers for runtime/pprof's key. labels is what
// it would answer without us, and held the variables that it carries. It must
// be called by the goroutine that asked.
//
// The answer depends on which of pprof's functions asks. WithLabels merges it
// into a new set, and needs a visible mark. SetGoroutineLabels puts it in the
// slot as it is, and needs a frame. Label and ForLabels show it to the user.
func Answer(labels any, held *Frame) any {
	visible := labelsIn(labels).visible()
	switch asker, inDo := whoAsks(); asker {
	case withLabels:
		return labelValue(markLabels(visible, held, inDo))
	case setGoroutineLabels:
		return labelValue(unmarkLabels(visible, held, inDo))
	default:
		return labels
	}
}

// markLabels returns a label set with a mark for the running goroutine. inDo
// tells that unmarkLabels is called when what it is for has ended.
func markLabels(visible []record, held *Frame, inDo bool) *labelSet {
	slot, f := slot()
	home := f.homeOf(goid())
	n := home.note.Value()
	if n == nil {
		n = newTrail().enter()
		if inDo {
			n.open = 0
		}
		home.note = n.weak
	}
	if inDo && n.open >= 0 {
		n.open++
	} else {
		n.open = -1
	}
	if f.line() != n.trail.weak || f.home != home {
		f = f.follow(n, home, slot.visible())
	}
	if f.home.blank && held != nil {
		f = held
	}

	records := make([]record, 1, 1+len(visible))
	records[0] = record{
		key: unsafe.Pointer(&markKey),
		val: unsafe.Pointer(&mark{frame: f, trail: n.trail}),
	}
	return plainLabels(append(records, visible...))
}

// unmarkLabels returns the beginning of a frame with the given labels and the
// running goroutine's variables, for pprof to put in the slot.
func unmarkLabels(visible []record, held *Frame, inDo bool) *labelSet {
	f := Current()
	if f.isBlank() && held != nil {
		f = held
	}
	if f == nil {
		return plainLabels(visible)
	}
	owned, line := f.ownedBy(goid()), f.trail
	if t := line.Value(); t != nil && inDo {
		if n := t.find(); n != nil && n.open > 0 {
			if n.open--; n.open == 0 {
				n.drop()
				line = noTrail
				if owned {
					f.home.note = noNote
				}
			}
		}
	}
	restored := newFrame(visible, f.home, f.values, line)
	if owned {
		f.home.publish(restored)
	}
	return &restored.set
}
