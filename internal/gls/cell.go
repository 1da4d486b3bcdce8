package gls

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A cell has what a goroutine keeps and does not hand down. There is one for
// each g that ever ran a goroutine which has begun; the runtime never frees a g,
// and neither do we a cell.
//
// A cell belongs to the g and speaks for a goroutine, the one whose id is in
// owner. With another id in the g it is void. owner is taken by the goroutine in
// the g, and is released by [sweepCells] once that one has ended. All else is
// the owner's alone, and no write of it is ordered before those of the next
// owner in a way that the race detector knows of: that the runtime gives a g
// away only when its goroutine has ended. Hence the functions with go:norace.
type cell struct {
	owner  atomic.Uint64 // the id of the goroutine; 0 if there is none
	newest *Frame        // what it has set last, or inherited
	mark   *mark         // the one that it gives to labels, until it changes something
	job    *Carried      // what the ctx carries of the job that it does, or nil
	g      unsafe.Pointer
	_      [64 - 8 - 4*unsafe.Sizeof(uintptr(0))]byte // a line of the processor's cache
}

// swept is the owner of a cell that is being emptied. No goroutine has that id.
const swept = ^uint64(0)

//go:norace
func (c *cell) load() *Frame { return c.newest }

// note makes f the owner's newest frame, which differs in its values from the
// one before. So the marks that were made of that no longer count.
//
//go:norace
func (c *cell) note(f *Frame) {
	c.newest = f
	if m := c.mark; m != nil {
		m.frame.Store(nil)
		c.mark = nil
	}
}

// forget empties c. What was inherited from the owner stays inherited.
//
//go:norace
func (c *cell) forget() { c.newest, c.mark, c.job = nil, nil, nil }

//go:norace
func (c *cell) doing() *Carried { return c.job }

//go:norace
func (c *cell) do(job *Carried) { c.job = job }

// cellHere returns the running goroutine's cell, with which it has begun.
func cellHere() (c *cell, begunBefore bool) {
	g := getg()
	id := idIn(g)
	c = cellOf(g)
	if c == nil {
		c = addCell(g)
	}
	for {
		switch owner := c.owner.Load(); {
		case owner == id:
			return c, true
		case owner != swept && c.owner.CompareAndSwap(owner, id):
			c.forget()
			startSweeping()
			return c, false
		}
		runtime.Gosched()
	}
}

// begunCell returns the cell of the running goroutine, whose g is given, or nil
// if it has not begun.
func begunCell(g unsafe.Pointer) *cell {
	if c := cellOf(g); c != nil && c.owner.Load() == idIn(g) {
		return c
	}
	return nil
}

// jobHere returns what [Snapshot.Enter] was given in the running goroutine.
func jobHere() *Carried {
	if c := begunCell(getg()); c != nil {
		return c.doing()
	}
	return nil
}

// Forget lets go of what is kept for the running goroutine, which is about to
// end.
func Forget() {
	if c := begunCell(getg()); c != nil {
		c.forget()
	}
}

// cells is a hash table of cells by the address of their g. It only grows, so
// that looking something up takes no lock.
var cells struct {
	list  atomic.Pointer[[]atomic.Pointer[cell]]
	mu    sync.Mutex // held to add a cell
	count int
}

// place returns where in a list of n, a power of 2, the cell of g is, or the
// next one that is taken.
func place(g unsafe.Pointer, n int) int {
	return int(uint64(uintptr(g))*0x9E3779B97F4A7C15>>32) & (n - 1)
}

// cellOf returns the cell of g, or nil.
func cellOf(g unsafe.Pointer) *cell {
	p := cells.list.Load()
	if p == nil {
		return nil
	}
	list := *p
	for i := place(g, len(list)); ; i = (i + 1) & (len(list) - 1) {
		if c := list[i].Load(); c == nil || c.g == g {
			return c
		}
	}
}

// addCell adds the cell of g, which is that of the running goroutine, so nobody
// else does.
func addCell(g unsafe.Pointer) *cell {
	c := &cell{g: g}
	cells.mu.Lock()
	defer cells.mu.Unlock()
	var list []atomic.Pointer[cell]
	if p := cells.list.Load(); p != nil {
		list = *p
	}
	// At most one place in four is taken: most of those who ask have no cell,
	// and find that out at the first.
	if cells.count++; 4*cells.count > len(list) {
		more := make([]atomic.Pointer[cell], max(64, 2*len(list)))
		for i := range list {
			if c := list[i].Load(); c != nil {
				put(more, c)
			}
		}
		put(more, c)
		cells.list.Store(&more)
		return c
	}
	put(list, c)
	return c
}

func put(list []atomic.Pointer[cell], c *cell) {
	i := place(c.g, len(list))
	for list[i].Load() != nil {
		i = (i + 1) & (len(list) - 1)
	}
	list[i].Store(c)
}
