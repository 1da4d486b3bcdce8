//go:build !heirloom_exact

package gls

import (
	"sync/atomic"
	"unsafe"
)

// Mode names how goroutines carry their variables.
const Mode = "default"

// A face is what the runtime and pprof see of a frame: the labels of a
// goroutine.
type face struct{ set labelSet }

// A hold is the owner's cell.
type hold struct{ cell *cell }

// A lineage tells of values that a goroutine may have had.
type lineage struct {
	lost bool // see [MayBeLost]
}

// holdHere lets the running goroutine begin, if it has not, with nothing.
func holdHere() hold {
	c, _ := cellHere()
	return hold{c}
}

func (h hold) forget() {
	if h.cell != nil {
		h.cell.forget()
	}
}

// Addresses that no string made elsewhere has as its data pointer. Not
// zero-sized, for those may share an address.
var hiddenKey, markKey byte

// noLabels is what the set of a frame without labels points to. No other set
// does. It is never read.
var noLabels record

var (
	// nothing holds no values and no labels.
	nothing = &Frame{face: face{labelSet{data: &noLabels}}, home: nobody}
	// lost is what a goroutine has of which nobody can tell what it had.
	lost = &Frame{face: nothing.face, home: &Home{lineage: lineage{lost: true}}}
)

func putSlot(p unsafe.Pointer) { setProfLabel(p) }

// inSlot returns the label set in the running goroutine's slot, or nil.
func inSlot() *labelSet { return (*labelSet)(getProfLabel()) }

// frame returns the frame that s is the beginning of, or nil.
//
// The result is s itself, and not what the hidden record leads to, so that a
// processor need not wait for the record to go on.
func (s *labelSet) frame() *Frame {
	if s.data == &noLabels {
		return (*Frame)(unsafe.Pointer(s))
	}
	if s.cap > s.len {
		// A set of pprof's may have spare capacity too. Reading it is in
		// bounds, and nobody writes it: sets are immutable once in a slot.
		if r := s.at(s.len); r.key == unsafe.Pointer(&hiddenKey) && r.val == unsafe.Pointer(s) {
			return (*Frame)(unsafe.Pointer(s))
		}
	}
	return nil
}

// visible returns the labels of s that the user put there. s may be nil.
func (s *labelSet) visible() []record {
	if s == nil {
		return nil
	}
	records := unsafe.Slice(s.data, s.len)
	if s.mark() != nil {
		records = records[1:]
	}
	return records
}

func (f *Frame) setLabels(labels []record) {
	n := len(labels)
	if n == 0 {
		f.set.data = &noLabels
		return
	}
	records := make([]record, n+1)
	copy(records, labels)
	records[n] = record{key: unsafe.Pointer(&hiddenKey), val: unsafe.Pointer(f)}
	f.set = labelSet{data: &records[0], len: n, cap: n + 1}
}

// wear gives f, which is new, the labels that the running goroutine has.
func (f *Frame) wear() { f.setLabels(inSlot().visible()) }

// dressed returns a frame like f, which may be nil, with the given labels.
func (f *Frame) dressed(labels []record) *Frame {
	if f == nil {
		f = nothing
	}
	if sameLabels(labels, f.set.visible()) {
		return f
	}
	next := &Frame{home: f.home, values: f.values}
	next.setLabels(labels)
	return next
}

// install gives f, which is new and whose home must be the running goroutine's,
// the labels that are in the slot, and takes their place.
func (f *Frame) install() {
	f.wear()
	f.home.publish(f)
	f.home.cell.note(f)
	setProfLabel(unsafe.Pointer(f))
}

// begin is install for the first frame of a goroutine, which has the labels.
func (f *Frame) begin() {
	f.home.cell.note(f)
	setProfLabel(unsafe.Pointer(f))
}

// putBack makes f, which may be nil, what the running goroutine has in place of
// the frames of h, which is, or was, its own. Labels that were put on the
// goroutine since are not ours to take off, and stay.
func (h *Home) putBack(f *Frame) {
	f = f.dressed(inSlot().visible())
	h.cell.note(f)
	setProfLabel(unsafe.Pointer(f))
}

// remember lets the running goroutine begin with f, which may be nil and is what
// it has.
func (f *Frame) remember() {
	if c, begun := cellHere(); !begun {
		c.note(f)
	}
}

// Peek returns what is in the slot, for [FrameIn] and, if that has nothing, for
// [Recall]. The first two are small enough to be inlined.
func Peek() unsafe.Pointer { return getProfLabel() }

// FrameIn returns the frame in what [Peek] returned, or nil if only [Recall] can
// tell.
func FrameIn(p unsafe.Pointer) *Frame {
	if p == nil {
		return nil
	}
	return (*labelSet)(p).frame()
}

// Current returns the frame of the running goroutine, or nil if it has no
// variables.
func Current() *Frame {
	s := inSlot()
	if s != nil {
		if f := s.frame(); f != nil {
			return f
		}
	}
	return s.recall()
}

// Recall returns the frame of the running goroutine, in whose slot is p, which
// is no frame, or nil if it has no variables.
func Recall(p unsafe.Pointer) *Frame { return (*labelSet)(p).recall() }

// recall returns what the running goroutine has, in whose slot s, which may be
// nil and is no frame, took the place of one: what its cell has, if it has
// begun, or what the mark in s leads to, if that counts. It puts that into the
// slot, with the labels of s, for those to inherit that are started from now on.
//
//go:noinline
func (s *labelSet) recall() *Frame {
	g := getg()
	if s == nil && notBegun(g) {
		return nil // as is usual
	}
	return s.recallIn(g)
}

func (s *labelSet) recallIn(g unsafe.Pointer) *Frame {
	var f *Frame
	if c := begunCell(g); c != nil {
		f = c.load()
		if f == lost || f == nil && s == nil {
			return f
		}
	} else {
		if s == nil {
			return nil
		}
		c, _ := cellHere()
		if f = s.mark().frameFor(g); f == nil {
			c.note(lost)
			reportLost()
			return lost
		}
		c.note(f)
	}
	f = f.dressed(s.visible())
	setProfLabel(unsafe.Pointer(f))
	return f
}

// MayBeLost reports whether the running goroutine may have had variables that
// are not to be found. It is found with labels which it did not write in a frame
// of ours, and did nothing before that we would know of: it may have inherited
// variables which those labels took the place of.
func MayBeLost() bool {
	f := Current()
	return f != nil && f.home.lost
}

var (
	lostCount atomic.Uint64
	onLost    atomic.Pointer[func()]
)

// reportLost counts the running goroutine, once, and calls what OnLost was
// given.
func reportLost() {
	lostCount.Add(1)
	if f := onLost.Load(); f != nil {
		(*f)()
	}
}

// LostCount returns how many goroutines were found for which [MayBeLost] is
// true, but for those that have it from another.
func LostCount() uint64 { return lostCount.Load() }

// OnLost makes f, which may be nil, what is called in each goroutine that
// [LostCount] counts.
func OnLost(f func()) {
	if f == nil {
		onLost.Store(nil)
		return
	}
	onLost.Store(&f)
}
