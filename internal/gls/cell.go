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
	table atomic.Pointer[table]
	mu    sync.Mutex // held to add a cell
	count int
}

// The first table, which is no allocation.
var (
	firstPlaces [64]atomic.Pointer[cell]
	firstTable  = table{firstPlaces[:], 64 - 6}
)

func init() { cells.table.Store(&firstTable) }

// A table has 1<<(64-shift) places. At most one in four is taken: most of those
// who look have no cell, and are to find that out at the first place.
type table struct {
	places []atomic.Pointer[cell]
	shift  uint8
}

// first returns where the cell of g is, if that place isn't taken by another, as
// is each of those that follow until there is one.
func (t *table) first(g unsafe.Pointer) int {
	return int(uint64(uintptr(g)) * 0x9E3779B97F4A7C15 >> (t.shift & 63))
}

// cellOf returns the cell of g, or nil.
func cellOf(g unsafe.Pointer) *cell {
	t := cells.table.Load()
	for i := t.first(g); ; i++ {
		if c := t.places[i&(len(t.places)-1)].Load(); c == nil || c.g == g {
			return c
		}
	}
}

// notBegun reports whether the goroutine in g, the running one, has not begun, if
// that can be seen at a glance. It is small enough to be inlined.
func notBegun(g unsafe.Pointer) bool {
	t := cells.table.Load()
	c := t.places[t.first(g)&(len(t.places)-1)].Load()
	return c == nil || c.g == g && c.owner.Load() != idIn(g)
}

// addCell adds the cell of g, which is that of the running goroutine, so nobody
// else does.
func addCell(g unsafe.Pointer) *cell {
	c := &cell{g: g}
	cells.mu.Lock()
	defer cells.mu.Unlock()
	t := cells.table.Load()
	cells.count++
	if 4*cells.count <= len(t.places) {
		t.add(c)
		return c
	}
	// Those who look at t find what they are looking for: each looks for its own,
	// and this one is ours.
	more := &table{make([]atomic.Pointer[cell], 2*len(t.places)), t.shift - 1}
	for i := range t.places {
		if c := t.places[i].Load(); c != nil {
			more.add(c)
		}
	}
	more.add(c)
	cells.table.Store(more)
	return c
}

func (t *table) add(c *cell) {
	i := t.first(c.g)
	for t.places[i&(len(t.places)-1)].Load() != nil {
		i++
	}
	t.places[i&(len(t.places)-1)].Store(c)
}
