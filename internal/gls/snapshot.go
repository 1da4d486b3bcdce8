package gls

import "unsafe"

// A Snapshot is what a goroutine's slot held at one moment: its variables and
// its labels. It holds no right to change them.
type Snapshot struct{ set *labelSet }

// Save returns the variables and the labels of the running goroutine.
func Save() Snapshot {
	set, _ := slot()
	return Snapshot{set}
}

// Peek is Save for a caller that only wants to read a variable, and quickly: it
// is small enough to be inlined, as is [Snapshot.Frame].
func Peek() Snapshot { return Snapshot{(*labelSet)(getProfLabel())} }

// Frame returns the frame in s, which holds nothing if s is empty. It is nil if
// s came from [Peek] and only [Current] can tell.
func (s Snapshot) Frame() *Frame {
	if s.set == nil {
		return nothing
	}
	return s.set.frame()
}

// Restore gives the running goroutine the variables and labels of s, which
// another goroutine may have saved, as a go statement there and then would have.
// It is for a goroutine that does the work of many, one after the other: what
// one of them set the next one does not see, and it can't undo a [Change] of an
// earlier one.
//
// It must not be called inside of a run of a [Scope] that began after the
// goroutine last had the variables of s.
func (s Snapshot) Restore() {
	// Most jobs set nothing, and many are short: let this be inlined.
	if (*labelSet)(getProfLabel()) != s.set {
		s.restore()
	}
}

func (s Snapshot) restore() {
	if f := Current(); f.ownedBy(goid()) && f.home != s.home() {
		f.home.close()
	}
	setProfLabel(unsafe.Pointer(s.set))
}

// home returns the home of the frame in s, or nil. It has another owner than
// the goroutine that restores s, unless that goroutine saved s itself.
func (s Snapshot) home() *Home {
	if f := s.Frame(); f != nil {
		return f.home
	}
	return nil
}
