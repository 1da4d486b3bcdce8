package gls

import (
	"sync"
	"unsafe"
	"weak"
)

// A trail leads from marks to the newest frames of the goroutines that may find
// them in their slots: those that asked for one, and those that inherited from
// them and set something since. The mark alone would not do: pprof.Do with the
// context of another pprof.Do puts that one's mark back into the slot, and with
// a new frame nobody would know what was set in between.
//
// Marks have a strong pointer to their trail, and everything else a weak one.
// So it lasts as long as a context with such a mark is in use, and a goroutine
// that outlives it keeps alive what it has itself and nothing else.
type trail struct {
	weak weak.Pointer[trail] // to itself
	mu   sync.Mutex
	// notes has the note of each goroutine by the address of its g, so that
	// one that has ended, which nothing tells us, gives way to the next there.
	notes map[unsafe.Pointer]*note
}

// A note is where a trail has the newest frame of a goroutine, which alone uses
// it.
type note struct {
	weak  weak.Pointer[note] // to itself
	trail *trail
	owner uint64 // the goroutine's id
	// newest is the newest frame, or nil if the goroutine has none that isn't
	// blank.
	newest *Frame
	// open counts the pprof.Do that the goroutine is in, if it is these that
	// the trail was begun for. Else, with -1, there is no telling when the
	// goroutine can't come upon a mark of the trail any more.
	open int
}

// The zero of their types: what a goroutine has that is in no pprof.Do.
var (
	noTrail weak.Pointer[trail]
	noNote  weak.Pointer[note]
)

func newTrail() *trail {
	t := &trail{notes: make(map[unsafe.Pointer]*note)}
	t.weak = weak.Make(t)
	return t
}

// find returns the running goroutine's note, or nil.
func (t *trail) find() *note {
	t.mu.Lock()
	n := t.notes[getg()]
	t.mu.Unlock()
	if n == nil || n.owner != goid() {
		return nil
	}
	return n
}

// enter returns the running goroutine's note, making it if there is none.
func (t *trail) enter() *note {
	if n := t.find(); n != nil {
		return n
	}
	n := &note{trail: t, owner: goid(), open: -1}
	n.weak = weak.Make(n)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes[getg()] = n
	return n
}

// set makes f, which may be nil, the newest frame.
func (n *note) set(f *Frame) {
	if f.isBlank() {
		f = nil
	}
	n.newest = f
}

// drop removes n, which must be the running goroutine's.
func (n *note) drop() {
	t := n.trail
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.notes[getg()] == n {
		delete(t.notes, getg())
	}
}
