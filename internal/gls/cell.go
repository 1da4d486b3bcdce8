package gls

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A cell holds what a goroutine keeps and does not pass on. There is one for
// each g that ever ran a goroutine which has begun. The runtime never frees a
// g, and this package never frees a cell.
//
// A cell belongs to the g, and its contents to one goroutine, whose id is in
// owner. If the g has another id, the cell is void. The goroutine in the g
// takes owner; [sweepCells] releases it once that goroutine has ended. All
// other fields belong to the owner. Between the owner's writes and those of the
// next owner there is an order that the race detector does not know: the
// runtime reuses a g only when its goroutine has ended. Hence the functions
// with go:norace.
type cell struct {
	owner  atomic.Uint64 // the id of the goroutine; 0 if there is none
	newest *Frame        // the frame that it set last, or inherited
	mark   *mark         // the mark that it gives to labels, until it changes something
	job    *Carried      // what the ctx of its current job carries, or nil
	g      unsafe.Pointer
	_      [64 - 8 - 4*unsafe.Sizeof(uintptr(0))]byte // a line of the processor's cache
}

// swept is the owner of a cell that is being emptied. No goroutine has this id.
const swept = ^uint64(0)

//go:norace
func (c *cell) load() *Frame { return c.newest.found() }

// note makes f the owner's newest frame. Its values differ from those of the
// previous frame, so marks made of that one no longer count.
//
//go:norace
func (c *cell) note(f *Frame) {
	c.newest = f
	if c.mark != nil {
		c.voidMark()
	}
}

//go:norace
func (c *cell) voidMark() {
	c.mark.frame.Store(nil)
	c.mark = nil
}

// forget empties c. Goroutines that have inherited from the owner keep what
// they inherited.
//
//go:norace
func (c *cell) forget() { c.newest, c.mark, c.job = nil, nil, nil }

//go:norace
func (c *cell) doing() *Carried { return c.job }

//go:norace
func (c *cell) do(job *Carried) { c.job = job }

// cellHere returns the running goroutine's cell and makes the goroutine begin.
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
// if the goroutine has not begun.
func begunCell(g unsafe.Pointer) *cell {
	if c := cellOf(g); c != nil && c.owner.Load() == idIn(g) {
		return c
	}
	return nil
}

// JobHere returns the job that the running goroutine itself runs, as [Snapshot.Enter]
// was given it, or nil. The goroutines that a job starts run none.
func JobHere() *Carried {
	if c := begunCell(getg()); c != nil {
		return c.doing()
	}
	return nil
}

// Forget releases what is kept for the running goroutine, which is about to
// end.
func Forget() {
	if c := begunCell(getg()); c != nil {
		c.forget()
	}
}

// cells is a hash table of cells by the address of their g. It only grows, so a
// look-up needs no lock.
var cells struct {
	table atomic.Pointer[table]
	mu    sync.Mutex // held to add a cell
	count int
}

// The first table is static, so it is not allocated.
var (
	firstPlaces [64]atomic.Pointer[cell]
	firstTable  = table{firstPlaces[:], 64 - 6}
)

func init() { cells.table.Store(&firstTable) }

// A table has 1<<(64-shift) places. At most one in four is taken: most look-ups
// are for a g without a cell, and should find that out at the first place.
type table struct {
	places []atomic.Pointer[cell]
	shift  uint8
}

// first returns the place at which the search for the cell of g begins. If that
// place has another cell, the search continues at the following places until it
// finds the cell or a free place.
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

// notBegun reports whether it is obvious that the running goroutine, whose g is
// given, has not begun. It is small enough to be inlined.
func notBegun(g unsafe.Pointer) bool {
	t := cells.table.Load()
	c := t.places[t.first(g)&(len(t.places)-1)].Load()
	return c == nil || c.g == g && c.owner.Load() != idIn(g)
}

// addCell adds the cell of g, the g of the running goroutine. So no other
// goroutine adds the same cell.
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
	// Look-ups in t still find what they need: each goroutine looks for its own
	// cell, and the new one is ours.
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
