//go:build !heirloom_exact

package gls

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// A goroutine that ends doesn't tell us. So once after each cycle of the garbage
// collector those that have ended are looked for, and their cells emptied.
var sweeping atomic.Bool

// startSweeping sees to it that cells are swept after the next cycle, and after
// each one from then on for as long as there are any to sweep.
func startSweeping() {
	if !sweeping.Load() && sweeping.CompareAndSwap(false, true) {
		type tick struct{ _ *int } // with a pointer, so that it shares no memory
		runtime.AddCleanup(new(tick), func(int) {
			// Before the sweep: what begins during it may be missed by it.
			sweeping.Store(false)
			if sweepCells() {
				startSweeping()
			}
		}, 0)
	}
}

// sweepCells empties the cells of goroutines that have ended, and reports
// whether there are others.
func sweepCells() (left bool) {
	t := cells.table.Load()
	for i := range t.places {
		c := t.places[i].Load()
		if c == nil {
			continue
		}
		owner := c.owner.Load()
		switch {
		case owner == 0 || owner == swept:
		case !ended(c.g, owner):
			left = true
		case c.owner.CompareAndSwap(owner, swept):
			// The owner has ended and the next goroutine in its g waits.
			c.forget()
			c.owner.Store(0)
		}
	}
	return left
}

// ended reports whether the goroutine with the given id, once in g, has ended.
func ended(g unsafe.Pointer, id uint64) bool {
	if atomic.LoadUint64(idOf(g)) != id {
		return true
	}
	status := atomic.LoadUint32((*uint32)(unsafe.Add(g, offsets.status)))
	return status == deadStatus
}
