//go:build heirloom_exact

package gls

import (
	"runtime"
	"strings"
	"unsafe"
)

// Mode names how goroutines carry their variables.
const Mode = "exact"

// In a program built with the overlay of heirloom exact, a goroutine has a
// pointer for this package alone. The go statement copies it and the end of the
// goroutine clears it, as with labels, and nothing else writes it. The
// following three functions are in the overlay. Without one, the program does
// not link, and the linker prints their names.

//go:linkname getSlot build_with_heirloom_exact_go_build.getSlot
func getSlot() unsafe.Pointer

//go:linkname setSlot build_with_heirloom_exact_go_build.setSlot
func setSlot(unsafe.Pointer)

// madeFor returns the version of the Go release that the overlay was made from.
//
//go:linkname madeFor build_with_heirloom_exact_go_build.madeFor
func madeFor() string

func init() {
	// The experiments with which a program is built follow the release:
	// go1.26.1-X:name, and before Go 1.26 with a space.
	is, _, _ := strings.Cut(strings.ReplaceAll(runtime.Version(), " X:", "-X:"), "-X:")
	if made := madeFor(); made != is {
		panic("heirloom: the overlay was made for " + made + " and this is " + is + ": build again with heirloom exact")
	}
}

// Types that only the default mode needs.
type (
	face struct{}
	hold struct{}
)

func holdHere() (h hold)          { return h }
func (hold) forget()              {}
func (f *Frame) wearAs(*Frame)    {}
func (f *Frame) remember() *Frame { return f }
func startSweeping()              {}

type mark struct{ frame Ptr[Frame] }

func (f *Frame) begin() {}

// install makes f the running goroutine's frame. f is new, and its home must be
// the running goroutine's.
func (f *Frame) install() {
	f.made()
	f.home.publish(f)
	setSlot(unsafe.Pointer(f))
}

func (f *Frame) follow(*Frame)         { f.install() }
func (f *Frame) giveWay(before *Frame) { setSlot(unsafe.Pointer(before)) }

// putBack makes f, which may be nil, the running goroutine's frame, in place of
// the frames of h.
func (h *Home) putBack(f *Frame) { setSlot(unsafe.Pointer(f)) }

// Peek returns the content of the running goroutine's slot, for [FrameIn] and
// [Recall].
func Peek() unsafe.Pointer { return getSlot() }

// FrameIn returns the frame in the result of [Peek], or nil if there is none.
func FrameIn(p unsafe.Pointer) *Frame { return (*Frame)(p).found() }

// Recall returns nil.
func Recall(unsafe.Pointer) *Frame { return nil }

// Current returns the frame of the running goroutine, or nil if it has no
// variables.
func Current() *Frame { return (*Frame)(getSlot()).found() }

// A Snapshot is the variables and the labels of a goroutine at one moment. It
// does not include the right to change them.
type Snapshot struct{ frame, labels unsafe.Pointer }

// Save returns the variables and the labels of the running goroutine.
func Save() Snapshot { return Snapshot{getSlot(), getProfLabel()} }

// SaveAgain is Save in a goroutine that has called Save before.
func SaveAgain() Snapshot { return Save() }

// Labels are the labels of a goroutine at one moment that a go statement does not get
// from the frame of an [Env.Offer].
type Labels struct{ p unsafe.Pointer }

// SaveLabels returns the Labels of the running goroutine.
func SaveLabels() Labels { return Labels{getProfLabel()} }

// Put gives the running goroutine the labels in l, and returns those it had.
func (l Labels) Put() (before Labels) {
	before = SaveLabels()
	setProfLabel(l.p)
	return before
}

// Restore gives the running goroutine the variables and labels of s, as if it
// had been started by a go statement where s was saved, which may have been in
// another goroutine. It is for a goroutine that runs several jobs, one after
// the other: a job does not see what an earlier one set, and cannot undo a
// [Change] of an earlier one.
//
// It must not be called inside of a run of an [Env] that began after the
// goroutine last had the variables of s.
func (s Snapshot) Restore() {
	if getSlot() != s.frame || getProfLabel() != s.labels {
		s.restore()
	}
}

func (s Snapshot) restore() {
	f := (*Frame)(s.frame)
	if now := Current(); now.ownedBy(goid()) && (f == nil || now.home != f.home) {
		now.home.close()
	}
	setSlot(s.frame)
	setProfLabel(s.labels)
}

// Enter is Restore for a goroutine that begins to run jobs whose ctx carries
// job, which may be nil: what such a job sets is newer than job; see
// [Counting]. The goroutine calls [Forget] at its end.
func (s Snapshot) Enter(job *Carried) {
	s.Restore()
	c, _ := cellHere()
	c.do(job)
}

// Answer returns labels unchanged: in this mode they are only the user's.
func Answer(labels any) any { return labels }

// visible returns the labels of s, which may be nil.
func (s *labelSet) visible() []record {
	if s == nil {
		return nil
	}
	return unsafe.Slice(s.data, s.len)
}

func putSlot(p unsafe.Pointer) { setSlot(p) }

// inSlot returns the label set of the running goroutine, or nil.
func inSlot() *labelSet { return (*labelSet)(getProfLabel()) }

// MayBeLost reports whether the running goroutine may have had variables that
// can no longer be found. In this mode it never has.
func MayBeLost() bool { return false }

// LostCount returns 0.
func LostCount() uint64 { return 0 }

// OnLost does nothing.
func OnLost(func()) {}
