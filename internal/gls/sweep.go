//go:build !heirloom_exact

package gls

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// A goroutine that ends does not notify this package. So after each cycle of
// the garbage collector, the cells of goroutines that have ended are found and
// emptied.
var sweeping atomic.Bool

// startSweeping arranges for cells to be swept after the next cycle, and after
// each further one as long as there are cells to sweep.
func startSweeping() {
	if !sweeping.Load() && sweeping.CompareAndSwap(false, true) {
		type tick struct{ _ *int } // with a pointer, so that it does not share memory
		runtime.AddCleanup(new(tick), func(int) {
			// This comes before the sweep, which may miss goroutines that begin
			// during it.
			sweeping.Store(false)
			if sweepCells() {
				startSweeping()
			}
		}, 0)
	}
}

// sweepCells empties the cells of goroutines that have ended, and reports
// whether other cells are in use.
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
			// The owner has ended, and the next goroutine in its g waits.
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
