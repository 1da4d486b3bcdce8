//go:build !heirloom_exact

package gls

import (
	"sync/atomic"
	"unsafe"
)

// Mode names how goroutines carry their variables.
const Mode = "default"

// A face is the part of a frame that the runtime and pprof see: the labels of a
// goroutine.
type face struct{ set labelSet }

// A hold is the owner's cell.
type hold struct{ cell *cell }

// holdHere makes the running goroutine begin, without variables, if it has not
// begun.
func holdHere() hold {
	c, _ := cellHere()
	return hold{c}
}

func (h hold) forget() {
	if h.cell != nil {
		h.cell.forget()
	}
}

// Addresses that are the data pointers of no other strings. The variables are
// not zero-sized, because those may share an address.
var hiddenKey, markKey byte

// noLabels is what the set of a frame without labels points to. No other set
// does, and it is never read.
var noLabels record

var (
	// nothing holds no values and no labels.
	nothing = &Frame{face: face{labelSet{data: &noLabels}}, home: nobody}
	// lost is the frame of a goroutine whose variables cannot be known.
	lost = &Frame{face: nothing.face, home: &Home{work: lostWork}}
)

func putSlot(p unsafe.Pointer) { setProfLabel(p) }

// inSlot returns the label set in the running goroutine's slot, or nil.
func inSlot() *labelSet { return (*labelSet)(getProfLabel()) }

// frame returns the frame that begins with s, or nil.
//
// The result is s itself rather than what the hidden record leads to, so that
// the processor need not wait for the record.
//
//go:norace
func (s *labelSet) frame() *Frame {
	if s.data == &noLabels {
		return (*Frame)(unsafe.Pointer(s)).found()
	}
	if s.cap > s.len {
		// A set of pprof's may have spare capacity too. Reading it is in
		// bounds, and nothing writes it: sets are immutable once in a slot.
		if r := s.at(s.len); r.key == unsafe.Pointer(&hiddenKey) && r.val == unsafe.Pointer(s) {
			return (*Frame)(unsafe.Pointer(s)).found()
		}
	}
	return nil
}

// visible returns the labels in s that the user put there. s may be nil.
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

// wear gives f, which is new, the labels of the running goroutine.
func (f *Frame) wear() { f.setLabels(inSlot().visible()) }

// wearAs is wear where now is the running goroutine's frame, as [Current] returned it,
// which may be nil.
func (f *Frame) wearAs(now *Frame) {
	if !now.plain() {
		f.wear()
		return
	}
	f.set.data = &noLabels
}

// dressed returns a frame like f, which may be nil, with the given labels.
func (f *Frame) dressed(labels []record) *Frame {
	if f == nil {
		f = nothing
	}
	if sameLabels(labels, f.set.visible()) {
		return f
	}
	next := frameOf(f.home, &f.values)
	next.setLabels(labels)
	next.made()
	return next
}

// install gives f the labels that are in the slot, and puts f there instead. f
// is new, and its home must be the running goroutine's.
func (f *Frame) install() { f.follow(nil) }

// plain reports whether f has no labels. f may be nil.
func (f *Frame) plain() bool { return f != nil && f.set.data == &noLabels }

// follow is install after before, the running goroutine's frame as [Current]
// returned it, or nil. It need not look into the slot if it knows what is there.
func (f *Frame) follow(before *Frame) {
	if before.plain() { // as in wearAs, without the call
		f.set.data = &noLabels
	} else {
		f.wear()
	}
	f.made()
	f.home.publish(f)
	f.home.cell.note(f)
	setProfLabel(unsafe.Pointer(f))
}

// giveWay is putBack of before, which has the same home as f, where f is in the
// slot.
func (f *Frame) giveWay(before *Frame) {
	if !f.plain() || !before.plain() {
		f.home.putBack(before)
		return
	}
	f.home.cell.note(before)
	setProfLabel(unsafe.Pointer(before))
}

// begin is install for the first frame of a goroutine, which is in its slot.
func (f *Frame) begin() { f.home.cell.note(f) }

// putBack makes f, which may be nil, the running goroutine's frame, in place of
// the frames of h, which is, or was, its own. Labels that other code has put on
// the goroutine since then stay.
func (h *Home) putBack(f *Frame) {
	f = f.dressed(inSlot().visible())
	h.cell.note(f)
	setProfLabel(unsafe.Pointer(f))
}

// remember makes the running goroutine begin with f, its current frame, which
// may be nil. It returns the current frame from now on: a goroutine that has no
// variables gets an empty frame, which it finds faster than it finds out that
// it has none.
func (f *Frame) remember() *Frame {
	if c, begun := cellHere(); !begun {
		c.note(f)
	}
	if f == nil { // then the slot is empty
		f = nothing
		setProfLabel(unsafe.Pointer(f))
	}
	return f
}

// Peek returns the content of the slot, for [FrameIn] and, if that finds no
// frame, for [Recall]. Peek and FrameIn are small enough to be inlined.
func Peek() unsafe.Pointer { return getProfLabel() }

// FrameIn returns the frame in the result of [Peek], or nil if only [Recall]
// can find it.
func FrameIn(p unsafe.Pointer) *Frame {
	if p == nil {
		return nil
	}
	return (*labelSet)(p).frame()
}

// Current returns the frame of the running goroutine, or nil if it has no
// variables. The frame is in the slot, with the labels that were there.
func Current() *Frame {
	s := inSlot()
	if s != nil {
		if f := s.frame(); f != nil {
			return f
		}
	}
	return s.recall()
}

// Recall returns the frame of the running goroutine, whose slot contains p,
// which is not a frame. It returns nil if the goroutine has no variables.
func Recall(p unsafe.Pointer) *Frame { return (*labelSet)(p).recall() }

// recall returns the frame of the running goroutine, in whose slot s took the
// place of a frame; s may be nil. If the goroutine has begun, it is the frame
// in its cell; otherwise it is the one to which the mark in s leads, if that
// counts. recall puts the frame into the slot, with the labels of s, so that
// goroutines started from now on inherit it.
//
//go:noinline
func (s *labelSet) recall() *Frame {
	g := getg()
	if s == nil && notBegun(g) {
		return nil // the usual case
	}
	return s.recallIn(g)
}

func (s *labelSet) recallIn(g unsafe.Pointer) *Frame {
	var f *Frame
	if c := begunCell(g); c != nil {
		f = c.load()
		if f == nil && s == nil {
			return nil
		}
	} else {
		if s == nil {
			return nil
		}
		c, _ := cellHere()
		if f = s.mark().frameFor(g); f == nil {
			c.note(lost)
			reportLost()
			return Current() // which the function given to OnLost may have changed
		}
		c.note(f)
	}
	f = f.dressed(s.visible())
	setProfLabel(unsafe.Pointer(f))
	return f
}

// MayBeLost reports whether the running goroutine may have had variables that
// can no longer be found. This is so if it has labels that are not in a frame
// of ours, and has done nothing before that would have made it begin: it may
// have inherited variables that these labels replaced.
func MayBeLost() bool {
	f := Current()
	return f != nil && f.home.work == lostWork
}

var (
	lostCount atomic.Uint64
	onLost    atomic.Pointer[func()]
)

// reportLost counts the running goroutine, once, and calls the function given
// to OnLost.
func reportLost() {
	lostCount.Add(1)
	if f := onLost.Load(); f != nil {
		(*f)()
	}
}

// LostCount returns the number of goroutines found for which [MayBeLost] is
// true, not counting those that inherited this state.
func LostCount() uint64 { return lostCount.Load() }

// OnLost registers f to be called in each goroutine that [LostCount] counts;
// nil removes it.
func OnLost(f func()) {
	if f == nil {
		onLost.Store(nil)
		return
	}
	onLost.Store(&f)
}
