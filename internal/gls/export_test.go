package gls

import "unsafe"

// Slot returns what the running goroutine's slot holds.
func Slot() unsafe.Pointer { return getProfLabel() }

// SetSlot puts p there.
func SetSlot(p unsafe.Pointer) { setProfLabel(p) }

// G returns the running goroutine's address.
func G() uintptr { return uintptr(getg()) }

// Goid returns the running goroutine's id, and StackGoid the same from the text
// of its stack.
func Goid() uint64      { return goid() }
func StackGoid() uint64 { return stackGoid(make([]byte, 64)) }

// LabelValue returns value, which is of the type that runtime/pprof keeps labels
// in, as its address.
func LabelValue(value any) unsafe.Pointer { return unsafe.Pointer(labelsIn(value)) }

// PprofKeyValue is the key that runtime/pprof keeps labels under.
var PprofKeyValue = pprofKey

// IsLabelSet tells whether labels of value's type can be read.
var IsLabelSet = isLabelSet

// Sizes of what is read from memory that isn't ours.
const (
	LabelSetSize = unsafe.Sizeof(labelSet{})
	RecordSize   = unsafe.Sizeof(record{})
)

// PlacesOf returns, as bits, those of the places among in which the running
// goroutine's g has number.
func PlacesOf(number, among uint64) uint64 { return uint64(places(among).with(number)) }

// Learn and Rehearse are what happens at the start.
func Learn()           { learnOffsets() }
func Rehearse() string { return new(rehearsal).run() }

// BeingSwept has the running goroutine's cell be swept, until over is called.
func BeingSwept() (over func()) {
	c, _ := cellHere()
	c.owner.Store(swept)
	return func() {
		c.forget()
		c.owner.Store(0)
	}
}
