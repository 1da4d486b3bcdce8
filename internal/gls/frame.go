package gls

import (
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/trie"
)

// A Frame is the variables of a goroutine at one moment. It does not change
// once a goroutine has it, so what a go statement passes on is a snapshot.
type Frame struct {
	face   // first: what the runtime and pprof see, in the mode in which they keep it
	order  // not last, because it may have no size
	home   *Home
	values trie.Map
}

// A Home is the right to change one line of frames. Only the goroutine that
// owns it may change it or make frames with it. Goroutines that inherited such
// a frame have the pointer too, but read only owner, work, tag and lost.
//
// A Home refers to no frame and, once closed, to no environment, so an
// inherited frame keeps alive its own values, but not what its maker set later.
type Home struct {
	// owner is the id of the owning goroutine, and 0 once closed. It is read
	// and, after the home is shared, written atomically. It comes first, which
	// aligns it on 32-bit machines.
	owner uint64
	// hold is where the owner's newest frame is kept. Only the owner uses it.
	// lineage is passed on together with the values. Neither field is last,
	// because in the exact mode they have no size.
	hold
	lineage
	// work is the home that began the work to which the values belong, or nil.
	// It is passed on together with the values. See [Env.RunWork].
	work *Home
	// env is the environment that this home was opened to run. It is nil in the
	// variables that a goroutine begins with. Only the owner uses it.
	env *Env
	// tag leads to what the goroutine was started for, see [Origin], or is nil.
	// It is written before the home is shared.
	tag *tag
}

// nobody is the home of frames that no goroutine may change.
var nobody = new(Home)

// ownedBy reports whether the goroutine with the id g owns h.
func (h *Home) ownedBy(g uint64) bool { return atomic.LoadUint64(&h.owner) == g }

// close takes the home from its owner, who must be the caller.
func (h *Home) close() {
	h.env = nil
	atomic.StoreUint64(&h.owner, 0)
}

// where returns the home that identifies the place in which changes are made:
// the same one for all runs of an environment, and otherwise the home of the
// goroutine. The caller is the owner. That home refers to no value, so a token
// may keep it.
func (h *Home) where() *Home {
	if h.env != nil {
		return h.env.first
	}
	return h
}

// with returns a frame like f, which may be nil, with value for key. This is
// the cost of setting a variable, so if there are only a few values, their
// storage is part of the same allocation.
func (f *Frame) with(key uint32, value any, home *Home) *Frame {
	values := f.Values()
	const few = 3
	var next *Frame
	if values.Width() < few {
		roomy := new(struct {
			Frame
			slots [few]any
		})
		next = &roomy.Frame
		values.WithIn(&next.values, key, value, roomy.slots[:])
	} else {
		next = new(Frame)
		values.WithIn(&next.values, key, value, nil)
	}
	next.home = home
	return next
}

// Values returns the values of f. A nil Frame has none.
func (f *Frame) Values() *trie.Map {
	if f == nil {
		return &noValues
	}
	return &f.values
}

// Flat, FlatGet and DeepGet are the methods of [trie.Map] with these names.
// Called through Values, they would not be inlined into a package that does not
// import trie.

// Flat reports whether f, which must not be nil, is to be read with FlatGet;
// otherwise it is to be read with DeepGet.
func (f *Frame) Flat() bool { return f.values.Flat() }

// FlatGet returns the value of key, or nil.
func (f *Frame) FlatGet(key uint32) any { return f.values.FlatGet(key) }

// DeepGet returns the value of key, or nil.
func (f *Frame) DeepGet(key uint32) any { return f.values.DeepGet(key) }

var noValues trie.Map

// ownedBy reports whether the goroutine with the id g may change the line of
// frames to which f belongs. f may be nil.
func (f *Frame) ownedBy(g uint64) bool {
	return f != nil && f.home.ownedBy(g)
}

// homeOf returns the home for changes to f by the running goroutine, whose id
// is g: that of f if the goroutine owns it, and otherwise a new one. f may be
// nil.
func (f *Frame) homeOf(g uint64) *Home {
	if f.ownedBy(g) {
		return f.home
	}
	h := f.descend(g)
	h.hold = holdHere()
	return h
}

// descend returns a new home, for the goroutine with the id g, that goes on with
// what f is about. f may be nil.
func (f *Frame) descend(g uint64) *Home {
	if f == nil {
		return &Home{owner: g}
	}
	return &Home{owner: g, work: f.home.work, tag: f.home.tag, lineage: f.home.lineage}
}

// same reports whether f and o, which may be nil, hold the very same values in
// the same home: whether they differ in their labels at most.
func (f *Frame) same(o *Frame) bool {
	return f == o || f != nil && o != nil && f.home == o.home && f.values.Same(&o.values)
}

// Get returns the running goroutine's value of key, or nil.
func Get(key uint32) any { return Current().Values().Get(key) }
