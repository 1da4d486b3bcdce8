package gls

import "unsafe"

// Slot returns the content of the running goroutine's slot.
func Slot() unsafe.Pointer { return getProfLabel() }

// SetSlot puts p there.
func SetSlot(p unsafe.Pointer) { setProfLabel(p) }

// G returns the running goroutine's address.
func G() uintptr { return uintptr(getg()) }

// Goid returns the running goroutine's id, and StackGoid the same from the text
// of its stack.
func Goid() uint64      { return goid() }
func StackGoid() uint64 { return stackGoid(make([]byte, 64)) }

// LabelValue returns the address of value, which has the type in which runtime/pprof
// keeps labels.
func LabelValue(value any) unsafe.Pointer { return unsafe.Pointer(labelsIn(value)) }

// PprofKeyValue is the key under which runtime/pprof keeps labels.
var PprofKeyValue = pprofKey

// IsLabelSet reports whether labels of value's type can be read.
var IsLabelSet = isLabelSet

// Sizes of the parts of foreign memory that are read.
const (
	LabelSetSize = unsafe.Sizeof(labelSet{})
	RecordSize   = unsafe.Sizeof(record{})
)

// PlacesOf returns, as bits, which of the given places in the running goroutine's g
// have the number.
func PlacesOf(number, among uint64) uint64 { return uint64(places(among).with(number)) }

// Learn and Rehearse are the steps at the start of a program.
func Learn()           { learnOffsets() }
func Rehearse() string { return new(rehearsal).run() }

// BeingSwept puts the running goroutine's cell into the state of being swept, until
// over is called.
func BeingSwept() (over func()) {
	c, _ := cellHere()
	c.owner.Store(swept)
	return func() {
		c.forget()
		c.owner.Store(0)
	}
}
