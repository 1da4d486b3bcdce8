//go:build !race

package gls

import (
	"sync/atomic"
	"unsafe"
)

// An order is only needed for the race detector.
type order struct{}

func (f *Frame) made()         {}
func (f *Frame) found() *Frame { return f }

// Clear stores nil in c, and orders nothing: what the caller wrote before may be seen
// later. It takes a fraction of the time of Store. It is for a pointer that only has to
// be released. A goroutine that must not find it any more learns that from a later write,
// which is ordered after Clear.
func (c *Ptr[T]) Clear() { c.p = nil }

// setOwner makes the goroutine with the id g the owner of h, or nobody if that is 0.
// The caller is the goroutine that h is for, and the only one for which the answer of
// ownedBy changes: all others see an id that is not theirs, whichever of the two it is.
// So the store need not order anything either.
func (h *Home) setOwner(g uint64) {
	if unsafe.Sizeof(uintptr(0)) < unsafe.Sizeof(g) {
		atomic.StoreUint64(&h.owner, g) // so that nobody sees a half of it
		return
	}
	h.owner = g
}
