//go:build race

package gls

import "sync/atomic"

// An order makes known to the race detector that a frame is complete before its
// goroutine finds it again. For all other goroutines the go statement, or an
// [Env], does so. But the runtime runs each function of runtime.AddCleanup as
// if it had a goroutine of its own, as far as the detector knows, and several
// of them find what the previous ones left in their common goroutine. Without
// an order, correct cleanups that use variables would be reported.
//
// Only the goroutine that makes a frame stores its order, and does so once. So
// what the detector learns is true, and hides no race of the program.
type order struct{ word uint32 }

// made records that f is complete.
func (f *Frame) made() { atomic.StoreUint32(&f.order.word, 1) }

// found returns f, which may be nil, in the goroutine that has it.
func (f *Frame) found() *Frame {
	if f != nil {
		atomic.LoadUint32(&f.order.word)
	}
	return f
}

// Clear and setOwner are documented in order_off.go.

func (c *Ptr[T]) Clear() { c.Store(nil) }

func (h *Home) setOwner(g uint64) { atomic.StoreUint64(&h.owner, g) }
