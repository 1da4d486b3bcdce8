//go:build heirloom_exact

package gls

import (
	"runtime"
	"strings"
	"unsafe"
)

// Mode names how goroutines carry their variables.
const Mode = "exact"

// In a program that was built with the overlay of heirloom exact, a goroutine
// has a pointer for us alone. The go statement copies it and the end of the
// goroutine clears it, as with labels, and nobody else writes it. These three
// are in the overlay, so that without one a program does not link; the linker then
// prints their names.

//go:linkname getSlot build_with_heirloom_exact_go_build.getSlot
func getSlot() unsafe.Pointer

//go:linkname setSlot build_with_heirloom_exact_go_build.setSlot
func setSlot(unsafe.Pointer)

// madeFor returns the version of the Go release that the overlay was made of.
//
//go:linkname madeFor build_with_heirloom_exact_go_build.madeFor
func madeFor() string

func init() {
	// The experiments that a program is built with come after the release:
	// go1.26.1-X:name, and before Go 1.26 with a space.
	is, _, _ := strings.Cut(strings.ReplaceAll(runtime.Version(), " X:", "-X:"), "-X:")
	if made := madeFor(); made != is {
		panic("heirloom: the overlay was made for " + made + " and this is " + is + ": build again with heirloom exact")
	}
}

// What the default mode needs.
type (
	face    struct{}
	hold    struct{}
	lineage struct{}
)

func holdHere() (h hold)   { return h }
func (hold) forget()       {}
func (f *Frame) wear()     {}
func (f *Frame) remember() {}
func startSweeping()       {}

type mark struct{ frame Ptr[Frame] }

func (f *Frame) begin() { setSlot(unsafe.Pointer(f)) }

// install makes f, which is new and whose home must be the running goroutine's,
// what it has.
func (f *Frame) install() {
	f.home.publish(f)
	setSlot(unsafe.Pointer(f))
}

// putBack makes f, which may be nil, what the running goroutine has in place of
// the frames of h.
func (h *Home) putBack(f *Frame) { setSlot(unsafe.Pointer(f)) }

// Peek returns what the running goroutine has, for [FrameIn] and [Recall].
func Peek() unsafe.Pointer { return getSlot() }

// FrameIn returns the frame in what [Peek] returned, or nil if that is nothing.
func FrameIn(p unsafe.Pointer) *Frame { return (*Frame)(p) }

// Recall returns nil.
func Recall(unsafe.Pointer) *Frame { return nil }

// Current returns the frame of the running goroutine, or nil if it has no
// variables.
func Current() *Frame { return (*Frame)(getSlot()) }

// A Snapshot is the variables and the labels of a goroutine at one moment. It
// holds no right to change them.
type Snapshot struct{ frame, labels unsafe.Pointer }

// Save returns the variables and the labels of the running goroutine.
func Save() Snapshot { return Snapshot{getSlot(), getProfLabel()} }

// Restore gives the running goroutine the variables and labels of s, which
// another goroutine may have saved, as a go statement there and then would have.
// It is for a goroutine that does the work of many, one after the other: what
// one of them set the next one does not see, and it can't undo a [Change] of an
// earlier one.
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

// Enter is Restore for a goroutine that begins to do jobs whose ctx carries job,
// which may be nil: what such a job sets is newer, see [Counting]. The goroutine
// calls [Forget] at its end.
func (s Snapshot) Enter(job *Carried) {
	s.Restore()
	c, _ := cellHere()
	c.do(job)
}

// Answer returns labels: they are nobody's but the user's.
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
// are not to be found. There is no such goroutine here.
func MayBeLost() bool { return false }

// LostCount returns 0.
func LostCount() uint64 { return 0 }

// OnLost does nothing.
func OnLost(func()) {}
