package ctxvar

import (
	"math"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// A Var is a context variable: a variable whose value is private to the
// goroutine that set it and to those it has started since. It mirrors Python's
// contextvars.ContextVar.
//
// Vars are meant to be declared with [New] at package level. One that is made
// in a function is a new variable with each call, which nothing else can read,
// and takes a little memory in every Context it is ever set in. A Var that New
// did not make, a zero or a copied one, panics with a [*VarError] where it is
// used.
type Var[T any] struct {
	_ noCopy
	// self is the Var itself, by which a copy is told.
	self *Var[T]
	// id is the variable's key in the trie. No variable has 0, which is that of
	// a zero Var.
	id       uint32
	identity bool
	secret   bool
	constant bool // the default is preset
	name     string
	preset   T
	// fallback returns the default if that is made anew each time; else nil.
	fallback func() T
}

// noCopy lets go vet find copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// Variable is a [Var] of any type. Only this package implements it.
type Variable interface {
	// Name returns the name that the variable was declared with.
	Name() string
	// Secret reports whether the variable was declared with [Secret].
	Secret() bool

	// key returns the variable's key in the trie.
	key() uint32
}

var _ Variable = (*Var[any])(nil)

// ids counts the variables, whose numbers are their keys in the trie. It has
// more bits than these, so that it never begins again.
var ids atomic.Uint64

// New declares a variable. The name is for people, in error texts and
// listings; variables are told apart by the pointer, not the name. Of several
// defaults the last one holds.
//
// Call New at package level, as one would call contextvars.ContextVar at module
// level.
func New[T any](name string, opts ...Option[T]) *Var[T] {
	id := ids.Add(1)
	if id > math.MaxUint32 {
		panic("ctxvar: too many variables: declare them at package level, not in functions")
	}
	v := &Var[T]{id: uint32(id), name: name}
	v.self = v
	for _, opt := range opts {
		opt.apply(v)
	}
	return v
}

// Name returns the name that v was declared with.
func (v *Var[T]) Name() string { return v.name }

// Secret reports whether v was declared with [Secret].
func (v *Var[T]) Secret() bool { return v.secret }

func (v *Var[T]) key() uint32 {
	v.check()
	return v.id
}

// check panics if v was not made by New.
func (v *Var[T]) check() {
	if v.self != v {
		v.misused()
	}
}

func (v *Var[T]) misused() {
	if v.self == nil {
		panic(&VarError{Err: ErrVarZero})
	}
	panic(&VarError{Var: v.name, Err: ErrVarCopied})
}

// Get returns the running goroutine's value of v, or else v's default, or else
// the zero value of T. It allocates nothing and takes the same time whatever
// else is set; see BenchmarkGet.
//
// It mirrors ContextVar.get(), but where that raises LookupError, Get returns
// the zero value, as reading any variable of Go does. [Var.MustGet] panics and
// [Var.Lookup] reports.
func (v *Var[T]) Get() T {
	// As Lookup does, but with all that is usual inlined: this is what programs
	// do most.
	p := gls.Peek()
	f := gls.FrameIn(p)
	if f == nil {
		if f = gls.Recall(p); f == nil {
			if v.self == v && v.fallback == nil {
				return v.preset
			}
			value, _ := v.unset()
			return value
		}
	}
	var held any
	if f.Flat() {
		held = f.FlatGet(v.id)
	} else {
		held = f.DeepGet(v.id)
	}
	if b, _ := held.(*binding[T]); b != nil && b.v == v {
		return b.value
	}
	if v.identity {
		if value, ok := v.ofIdentity(held); ok {
			return value
		}
	}
	value, _ := v.unset()
	return value
}

// set returns the running goroutine's value of v, and whether it has one.
func (v *Var[T]) set() (T, bool) {
	held := gls.Get(v.id)
	if b, _ := held.(*binding[T]); b != nil && b.v == v {
		return b.value, true
	}
	return v.ofIdentity(held)
}

// unset returns what v has where no value is set.
func (v *Var[T]) unset() (value T, ok bool) {
	v.check()
	if v.fallback != nil {
		return v.fallback(), true
	}
	return v.preset, v.constant
}

// GetOr returns the running goroutine's value of v, or else def. Like
// ContextVar.get(default), it ignores the variable's own default.
func (v *Var[T]) GetOr(def T) T {
	if value, ok := v.set(); ok {
		return value
	}
	v.check()
	return def
}

// Lookup returns the running goroutine's value of v, or else v's default. It
// reports false, with the zero value, where there is neither: where Python's
// ContextVar.get() raises LookupError. The default of a variable for identity,
// see [Identity], does not count.
func (v *Var[T]) Lookup() (value T, ok bool) {
	if value, ok = v.set(); ok || v.identity {
		return value, ok
	}
	return v.unset()
}

// MustGet returns the running goroutine's value of v, or else v's default. It
// panics with a [*LookupError] where [Var.Lookup] reports false, which tells why
// if it can.
func (v *Var[T]) MustGet() T {
	value, ok := v.Lookup()
	if !ok {
		v.check()
		panic(&LookupError{Var: v.name, Why: v.why()})
	}
	return value
}

// Set gives v a value in the running goroutine, and in the [Context] it is
// running, if it is. Goroutines started from now on inherit the value; those
// that run already, and the one that started this one, don't see it. The value
// is garbage when the last goroutine or Context that has it is.
//
// The result gives the value before back; to let the new one stay, ignore it.
// In one line, for the rest of a function:
//
//	defer v.Set(value).Reset()
//
// A value that is to stay lasts as long as the goroutine does. In a handler that
// is longer than the request where connections are kept alive or handlers run in
// a pool; begin a [Work] with each request, as ctxhttp.Middleware does.
//
// It mirrors ContextVar.set().
func (v *Var[T]) Set(value T) *Token[T] {
	// Small enough to be inlined, so that a token that does not leave the
	// caller's function costs no allocation.
	return &Token[T]{v: v, change: v.assign(value)}
}

func (v *Var[T]) assign(value T) gls.Change {
	v.check()
	return gls.Set(v.id, v.bind(value))
}

// Reset gives v the value it had before the [Var.Set] that returned t; where
// there was none, there is none again. It panics with a [*TokenError], and
// changes nothing, if t was used before, belongs to another variable, or was
// made in another context than this is: in another goroutine, or outside of the
// [Context.Run] this is in.
//
// It mirrors ContextVar.reset(). [Token.Reset] is the same, and shorter.
func (v *Var[T]) Reset(t *Token[T]) {
	v.check()
	switch {
	case t.used.Load():
		panic(&TokenError{Var: v.name, Err: ErrTokenUsed})
	case t.v != v:
		panic(&TokenError{Var: v.name, Err: ErrTokenVar, other: t.of()})
	case !t.change.Undo(v.id):
		panic(&TokenError{Var: v.name, Err: ErrTokenContext})
	}
	t.used.Store(true)
}

// With calls fn with v set to value, and gives v the value it had before when
// fn returns, panics or calls [runtime.Goexit]. It mirrors the with statement
// that Python 3.14 has for tokens: with v.set(value): ...
func (v *Var[T]) With(value T, fn func()) {
	defer v.Set(value).Reset()
	fn()
}

// In returns the value that v has in c, and whether it has one. Defaults don't
// count. It mirrors ctx[var] and ctx.get(var).
//
// While a goroutine runs c, another one finds the state after some assignment
// made in the run, and never half of one.
func (v *Var[T]) In(c *Context) (T, bool) {
	v.check()
	f := c.env().Frame()
	b, _ := f.Values().Get(v.id).(bound)
	if b == nil || !b.readable(f) {
		var zero T
		return zero, false
	}
	return valueOf[T](b), true
}

// LookupIn is [Var.Lookup] in c in place of the running goroutine's values: what v
// has in c, or else v's default. It is for what was given a ctx, see [Effective].
func (v *Var[T]) LookupIn(c *Context) (value T, ok bool) {
	if value, ok = v.In(c); ok || v.identity {
		return value, ok
	}
	return v.unset()
}
