package gls

import (
	"sync/atomic"
	"unsafe"

	"github.com/heirloom-go/heirloom/internal/trie"
)

// The types of what frames hold.
type (
	Key          = trie.Key
	Binding      = trie.Binding
	Bound[T any] = trie.Bound[T]
)

// As returns the Bound that begins with b. It must be one of type T, which the
// caller knows by its Key.
func As[T any](b *Binding) *Bound[T] { return trie.As[T](b) }

// Identical reports whether a and b, which must be of type T, have the very same
// value, see [trie.Identical].
func Identical[T any](a, b *Binding) bool { return trie.Identical[T](a, b) }

// KeyOf returns the key of a variable with values of type T.
func KeyOf[T any](id uint32, variable any) Key {
	return Key{ID: id, Var: variable, Copy: trie.Copied[T]}
}

// A Frame is the variables of a goroutine at one moment. It does not change
// once a goroutine has it, so what a go statement passes on is a snapshot.
type Frame struct {
	face   // first: what the runtime and pprof see, in the mode in which they keep it
	order  // not last, because it may have no size
	home   *Home
	values trie.Map // last, because its slots follow it
}

// Nothing comes between a frame and the slots of its values.
var _ [unsafe.Offsetof(Frame{}.values) + unsafe.Sizeof(trie.Map{})]byte = [unsafe.Sizeof(Frame{})]byte{}

// A sizedFrame is a frame with room for the slots of its values, an array.
type sizedFrame[Array any] struct {
	Frame
	_ Array
}

// A Sole is a frame that holds a single binding, which is part of it.
//
// Later frames that have the binding keep the Sole, and nothing else with it:
// the frame holds no other value, and its home refers to none. With a second
// binding, a value that was replaced would stay alive as long as the other one.
type Sole[T any] struct {
	Frame
	_     unsafe.Pointer // the slot
	Bound Bound[T]
}

// A DeepSole is a frame with a front, see package trie, and the binding that was
// set last is part of it. Frames with other bindings that are made of it have a
// copy of that one, so that it does not keep alive what the DeepSole has besides.
// So a large value, see [Small], is better off apart.
type DeepSole[T any] struct {
	Frame
	_     [trie.DeepSlots]unsafe.Pointer // the slots
	Bound Bound[T]
}

// Small reports whether a copy of a value of type T costs little.
func Small[T any]() bool { return unsafe.Sizeof(*new(T)) <= 64 }

// newFrame returns a frame without labels and values, and with room for that
// many slots. There is a type for each size in which the runtime allocates
// memory up to 128 bytes, and for some of the larger ones.
func newFrame(slots int) *Frame {
	switch {
	case slots <= 1:
		return &new(sizedFrame[[1]unsafe.Pointer]).Frame
	case slots <= 3:
		return &new(sizedFrame[[3]unsafe.Pointer]).Frame
	case slots <= 5:
		return &new(sizedFrame[[5]unsafe.Pointer]).Frame
	case slots <= 7:
		return &new(sizedFrame[[7]unsafe.Pointer]).Frame
	case slots <= 11:
		return &new(sizedFrame[[11]unsafe.Pointer]).Frame
	case slots <= 15:
		return &new(sizedFrame[[15]unsafe.Pointer]).Frame
	case slots <= 23:
		return &new(sizedFrame[[23]unsafe.Pointer]).Frame
	default:
		return &new(sizedFrame[[32]unsafe.Pointer]).Frame
	}
}

// frameOf returns a new frame without labels that has a copy of values.
func frameOf(home *Home, values *trie.Map) *Frame {
	f := newFrame(values.Slots())
	f.home = home
	values.Copy(&f.values)
	return f
}

// A Home is the right to change one line of frames. Only the goroutine that
// owns it may change it or make frames with it. Goroutines that inherited such
// a frame have the pointer too, but read only owner, work and tag.
//
// A Home refers to no frame and, once closed, to no environment, so an
// inherited frame keeps alive its own values, but not what its maker set later.
type Home struct {
	// owner is the id of the owning goroutine, and 0 once closed. It is read
	// and, after the home is shared, written atomically. It comes first, which
	// aligns it on 32-bit machines.
	owner uint64
	// hold is where the owner's newest frame is kept. Only the owner uses it. It is
	// not last, because in the exact mode it has no size.
	hold
	// work is the home that began the work to which the values belong, or nil, or
	// lostWork. It is passed on together with the values. See [Env.RunWork].
	work *Home
	// env is the environment that this home was opened to run. It is nil in the
	// variables that a goroutine begins with. Only the owner uses it.
	env *Env
	// tag leads to what the goroutine was started for, see [Origin], or is nil.
	// It is written before the home is shared.
	tag *tag
}

var (
	// nobody is the home of frames that no goroutine may change.
	nobody = new(Home)
	// lostWork stands for the unknown work of goroutines that may have had other
	// values; see [MayBeLost].
	lostWork = new(Home)
)

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

// Alone reports whether a frame that has what f has, which may be nil, and a
// value for key can be a [Sole].
func (f *Frame) Alone(key uint32) bool { return f.Values().Alone(key) }

// Deep reports whether it can be a [DeepSole].
func (f *Frame) Deep(key uint32) bool { return f.Values().Deep(key) }

// Flat reports whether FlatGet reads f, which must not be nil; otherwise DeepGet
// does.
func (f *Frame) Flat() bool { return f.values.Flat() }

// FlatGet returns the binding of key, or nil.
func (f *Frame) FlatGet(key uint32) *Binding { return f.values.FlatGet(key) }

// DeepGet returns the binding of key, or nil.
func (f *Frame) DeepGet(key uint32) *Binding { return f.values.DeepGet(key) }

var noValues trie.Map

// ownedBy reports whether the goroutine with the id g may change the line of
// frames to which f belongs. f may be nil.
func (f *Frame) ownedBy(g uint64) bool {
	return f != nil && f.home.ownedBy(g)
}

// newHome returns the home for changes to f by the running goroutine, whose id
// is g, and which does not own f. f may be nil.
func (f *Frame) newHome(g uint64) *Home {
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
	return &Home{owner: g, work: f.home.work, tag: f.home.tag}
}

// same reports whether f and o, which may be nil, hold the very same values in
// the same home, and so differ in their labels at most.
func (f *Frame) same(o *Frame) bool {
	return f == o || f != nil && o != nil && f.home == o.home && f.values.Same(&o.values)
}

// Get returns the running goroutine's binding of key, or nil.
func Get(key uint32) *Binding { return Current().Values().Get(key) }
