package gls

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
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
	// trail leads the goroutine that asked for the mark to what it set since.
	trail *trail
}

// A trail leads from the marks that a goroutine asked for to its newest frame.
// A mark alone would not do: once a nested pprof.Do has ended, the slot holds
// again the set, and the mark, of the outer one, whatever was set inside.
type trail struct {
	owner uintptr
	// newest is stored by the owner with each frame it installs. It is read by
	// the owner alone; atomic because a goroutine at the same address, after
	// this one has ended, may take itself for the owner.
	newest atomic.Pointer[Frame]
	// open counts the label sets asked for and not yet given up. At 0 nothing
	// is noted any more, so that those who inherited a mark keep alive what it
	// has and not what was set later.
	open int
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
	g := getg()
	if m.trail.owner == g {
		if newest := m.trail.newest.Load(); newest != nil {
			f = newest
		}
	}
	adopted := newFrame(s.visible(), f.home, f.values)
	if adopted.ownedBy(g) {
		adopted.install()
	} else {
		setProfLabel(unsafe.Pointer(adopted))
	}
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
	switch asker() {
	case withLabels:
		return labelValue(markLabels(visible, held))
	case setGoroutineLabels:
		return labelValue(unmarkLabels(visible, held))
	default:
		return labels
	}
}

// markLabels returns a label set with a mark for the running goroutine.
func markLabels(visible []record, held *Frame) *labelSet {
	f := Current()
	if f == nil {
		f = held
	}
	g := getg()
	var home *Home
	if f.ownedBy(g) {
		home = f.home
	} else {
		home = &Home{owner: g}
		f = newFrame(nil, home, *f.Values())
	}
	if home.trail == nil {
		home.trail = &trail{owner: g}
	}
	home.trail.open++
	home.trail.newest.Store(f)

	records := make([]record, 1, 1+len(visible))
	records[0] = record{
		key: unsafe.Pointer(&markKey),
		val: unsafe.Pointer(&mark{frame: f, trail: home.trail}),
	}
	return plainLabels(append(records, visible...))
}

// unmarkLabels returns the beginning of a frame with the given labels and the
// running goroutine's variables, for pprof to put in the slot.
func unmarkLabels(visible []record, held *Frame) *labelSet {
	f := Current()
	if f == nil {
		f = held
	}
	if f == nil {
		return plainLabels(visible)
	}
	restored := newFrame(visible, f.home, f.values)
	if restored.ownedBy(getg()) {
		home := restored.home
		if home.scope != nil {
			home.scope.newest.Store(restored)
		}
		if t := home.trail; t != nil {
			if t.open--; t.open <= 0 {
				t.newest.Store(nil)
				home.trail = nil
			} else {
				t.newest.Store(restored)
			}
		}
	}
	return &restored.set
}

type askerKind int

const (
	other askerKind = iota
	withLabels
	setGoroutineLabels
)

// asker returns which of runtime/pprof's functions asks a context for its
// labels. The key is private to that package, so one of them is on the stack,
// close by: between it and us are the Value methods of the contexts around
// ours.
func asker() askerKind {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		frame, more := frames.Next()
		switch name := frame.Function; {
		case name == "runtime/pprof.WithLabels":
			return withLabels
		case name == "runtime/pprof.SetGoroutineLabels":
			return setGoroutineLabels
		case strings.HasPrefix(name, "runtime/pprof.") && name != "runtime/pprof.labelValue", !more:
			return other
		}
	}
}
