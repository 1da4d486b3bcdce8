//go:build !heirloom_exact

package gls

import "unsafe"

// A Snapshot is the variables and the labels of a goroutine at one moment. It
// holds no right to change them.
type Snapshot struct{ frame *Frame }

// Save returns the variables and the labels of the running goroutine, and lets it
// begin.
func Save() Snapshot {
	s := inSlot()
	f := Current()
	if !f.ownedBy(goid()) {
		f.remember()
	}
	f = f.dressed(s.visible())
	if unsafe.Pointer(f) != unsafe.Pointer(s) {
		setProfLabel(unsafe.Pointer(f))
	}
	return Snapshot{f}
}

// Restore gives the running goroutine the variables and labels of s, which
// another goroutine may have saved, as a go statement there and then would have.
// It is for a goroutine that does the work of many, one after the other: what
// one of them set the next one does not see, and it can't undo a [Change] of an
// earlier one.
//
// It must not be called inside of a run of an [Env] that began after the
// goroutine last had the variables of s.
func (s Snapshot) Restore() {
	// Most jobs set nothing, and many are short: let this be inlined.
	if getProfLabel() != unsafe.Pointer(s.frame) {
		s.restore()
	}
}

func (s Snapshot) restore() { s.put() }

// put is Restore without a look at what is there, and returns the goroutine's
// cell.
func (s Snapshot) put() *cell {
	if f := Current(); f.ownedBy(goid()) && f.home != s.frame.home {
		f.home.close()
	}
	c, _ := cellHere()
	c.note(s.frame)
	setProfLabel(unsafe.Pointer(s.frame))
	return c
}

// Enter is Restore for a goroutine that begins to do jobs whose ctx carries job,
// which may be nil: what such a job sets is newer, see [Counting]. From now on no
// label that anybody writes takes the variables away. The goroutine calls
// [Forget] at its end.
func (s Snapshot) Enter(job *Carried) { s.put().do(job) }
