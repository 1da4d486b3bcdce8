package gls

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// getg returns the address of the running goroutine's g, the runtime's record
// of it. The runtime never frees a g, and gives it to another goroutine when
// its own has ended.
func getg() unsafe.Pointer

// goid returns the running goroutine's id, which no other goroutine ever has.
//
// The runtime keeps the id in the g and shows it only in the text of stacks. So
// this package finds out once where in a g the number is, and reads it there;
// no text is parsed afterwards.
func goid() uint64 { return idIn(getg()) }

// idIn returns the id of the running goroutine, whose g is given.
func idIn(g unsafe.Pointer) uint64 { return *idOf(g) }

func idOf(g unsafe.Pointer) *uint64 { return (*uint64)(unsafe.Add(g, offsets.id)) }

// parentIn returns the id of the goroutine that started the running one, whose
// g is given. It is 0 if the runtime started it.
func parentIn(g unsafe.Pointer) uint64 { return *(*uint64)(unsafe.Add(g, offsets.parent)) }

// offsets holds the positions within a g of what this package reads.
var offsets = learnOffsets()

type gOffsets struct {
	id     uintptr
	parent uintptr
	status uintptr
}

// The values by which the runtime records that a goroutine is running, and that
// it has ended. They are the same in all releases since Go 1.5, and learning
// the position of the status depends on both.
const (
	runningStatus = 2
	deadStatus    = 6
)

// A learner searches the g of a few goroutines for numbers that it knows from
// the text of their stacks: their id and their parent's.
type learner struct {
	ids, parents places         // where the number was in all of them
	g            unsafe.Pointer // of the last goroutine that ran middle
	id           uint64         // its id
	text         [64]byte       // see stackGoid
	done         chan struct{}
}

const (
	word = unsafe.Sizeof(uintptr(0))
	// The numbers have always been among the first 40 words on 64-bit machines
	// and the first 60 on others, and a g has more.
	words = 48 + 16*(8-word)/4
	// One try is enough, unless another number happens to be the same.
	tries = 4
)

func learnOffsets() gOffsets {
	l := &learner{done: make(chan struct{}), ids: allPlaces, parents: allPlaces}
	for range tries {
		go l.middle()
		<-l.done
		if l.ids.count() <= 1 && l.parents.count() <= 1 {
			break
		}
	}
	o := gOffsets{
		id:     l.ids.only("a goroutine's id"),
		parent: l.parents.only("the id of a goroutine's parent"),
	}
	o.status = l.statusBefore(o.id)
	return o
}

// middle is run by a goroutine whose id is searched for in the g of its child.
// The id of the main goroutine, 1, would be found in many places.
func (l *learner) middle() {
	l.g, l.id = getg(), stackGoid(l.text[:])
	l.ids = l.ids.with(l.id)
	go l.child()
}

func (l *learner) child() {
	l.parents = l.parents.with(l.id)
	l.ids = l.ids.with(stackGoid(l.text[:]))
	l.done <- struct{}{}
}

// places has a bit for each of the first words of a g.
type places uint64

const allPlaces places = 1<<words - 1

// with returns those places in p at which the running goroutine's g has number.
func (p places) with(number uint64) (found places) {
	g := getg()
	for i := range words {
		if place := places(1) << i; p&place != 0 && *(*uint64)(unsafe.Add(g, i*word)) == number {
			found |= place
		}
	}
	return found
}

func (p places) count() int { return bits.OnesCount64(uint64(p)) }

// only returns the offset of the single place in p, and panics if there is not
// exactly one. what names the number in the error.
func (p places) only(what string) uintptr {
	switch p.count() {
	case 0:
		panic(layoutError(what + " isn't where it was"))
	case 1:
		return uintptr(bits.TrailingZeros64(uint64(p))) * word
	default:
		panic(layoutError(what + " is in two places"))
	}
}

// statusBefore returns the offset of the status, which is before the id: a word
// that is 2 in the running goroutine and 6 in one that has ended.
func (l *learner) statusBefore(id uintptr) uintptr {
	const half = 4
	at := func(g unsafe.Pointer, i uintptr) uint32 {
		return atomic.LoadUint32((*uint32)(unsafe.Add(g, i)))
	}
	for range 1_000_000 {
		var found, places uintptr
		for i := uintptr(0); i < id; i += half {
			if at(getg(), i) == runningStatus && at(l.g, i) == deadStatus {
				found = i
				places++
			}
		}
		if places == 1 {
			return found
		}
		runtime.Gosched() // it is about to end
	}
	panic(layoutError("a goroutine's status isn't where it was"))
}

// stackGoid returns the running goroutine's id from the text of its stack,
// which begins with "goroutine 123 [running]:". buf holds that beginning. The
// number is read by hand, because package strconv brings much more into a
// program, for its errors.
func stackGoid(buf []byte) (id uint64) {
	n := runtime.Stack(buf, false)
	for _, c := range buf[len("goroutine "):n] {
		if c < '0' || '9' < c {
			break
		}
		id = 10*id + uint64(c-'0')
	}
	if id == 0 {
		panic(layoutError("a stack does not begin with a goroutine's id"))
	}
	return id
}
