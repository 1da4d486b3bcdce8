//go:build !heirloom_exact

package gls

import "unsafe"

// A Snapshot is the variables and the labels of a goroutine at one moment. It
// does not include the right to change them.
type Snapshot struct{ frame *Frame }

// Save returns the variables and the labels of the running goroutine, and makes
// it begin.
func Save() Snapshot {
	f := Current()
	if !f.ownedBy(goid()) {
		f = f.remember()
	}
	return Snapshot{f}
}

// SaveAgain is Save in a goroutine that has called Save before, and so has begun.
func SaveAgain() Snapshot {
	if s := inSlot(); s != nil {
		if f := s.frame(); f != nil {
			return Snapshot{f}
		}
	}
	return Save()
}

// Labels are the labels of a goroutine at one moment that a go statement does not get
// from the frame of an [Env.Offer]. In this mode the frame has all labels.
type Labels struct{}

// SaveLabels returns the Labels of the running goroutine.
func SaveLabels() Labels { return Labels{} }

// Put gives the running goroutine the labels in l, and returns those it had.
func (l Labels) Put() (before Labels) { return l }

// Restore gives the running goroutine the variables and labels of s, as if it
// had been started by a go statement where s was saved, which may have been in
// another goroutine. It is for a goroutine that runs several jobs, one after
// the other: a job does not see what an earlier one set, and cannot undo a
// [Change] of an earlier one.
//
// It must not be called inside of a run of an [Env] that began after the
// goroutine last had the variables of s.
func (s Snapshot) Restore() {
	// Most jobs set nothing, and many are short, so this path is inlined.
	if getProfLabel() != unsafe.Pointer(s.frame) {
		s.restore()
	}
}

func (s Snapshot) restore() { s.put() }

// put is Restore without the comparison, and returns the goroutine's cell.
func (s Snapshot) put() *cell {
	if f := Current(); f.ownedBy(goid()) && f.home != s.frame.home {
		f.home.close()
	}
	c, _ := cellHere()
	c.note(s.frame)
	setProfLabel(unsafe.Pointer(s.frame))
	return c
}

// Enter is Restore for a goroutine that begins to run jobs whose ctx carries
// job, which may be nil: what such a job sets is newer than job; see
// [Counting]. From now on, label writes by other code no longer take the
// variables away. The goroutine calls [Forget] at its end.
func (s Snapshot) Enter(job *Carried) { s.put().do(job) }
