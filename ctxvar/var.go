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
// and takes a little memory in every Context it is ever set in.
type Var[T any] struct {
	id   uint32
	name string
	// fallback returns the default; nil if there is none.
	fallback func() T
}

// Variable is a [Var] of any type. Only this package implements it.
type Variable interface {
	// Name returns the name that the variable was declared with.
	Name() string

	// key returns the variable's key in the trie.
	key() uint32
}

var _ Variable = (*Var[any])(nil)

// ids counts the variables, whose numbers are their keys in the trie.
var ids atomic.Uint32

// A binding is a variable with a value, as the trie holds it.
type binding[T any] struct {
	v     *Var[T]
	value T
}

// pair returns the binding's two sides without their type.
func (b *binding[T]) pair() (Variable, any) { return b.v, b.value }

// An Option configures a variable of type T. See [Default] and [DefaultFunc].
type Option[T any] interface{ apply(*Var[T]) }

type optionFunc[T any] func(*Var[T])

func (f optionFunc[T]) apply(v *Var[T]) { f(v) }

// Default gives a variable a default: what [Var.Get] returns where no value is
// set. The default is one value for all, so if it is a map or a slice, changing
// it in place changes it for everybody; [DefaultFunc] makes one for each.
func Default[T any](value T) Option[T] {
	return DefaultFunc(func() T { return value })
}

// DefaultFunc gives a variable a default that is made anew with each call of
// [Var.Get] or [Var.Lookup] where no value is set. f may be called by several
// goroutines at the same time. DefaultFunc panics if f is nil.
//
// Python has no such thing: its default is one object for all tasks, and the
// usual bug is to change it in place.
func DefaultFunc[T any](f func() T) Option[T] {
	if f == nil {
		panic("ctxvar: DefaultFunc of a nil function")
	}
	return optionFunc[T](func(v *Var[T]) { v.fallback = f })
}

// New declares a variable. The name is for people, in error texts and
// listings; variables are told apart by the pointer, not the name. Of several
// defaults the last one holds.
//
// Call New at package level, as one would call contextvars.ContextVar at module
// level.
func New[T any](name string, opts ...Option[T]) *Var[T] {
	id := ids.Add(1)
	if id == math.MaxUint32 {
		panic("ctxvar: too many variables: declare them at package level, not in functions")
	}
	v := &Var[T]{id: id - 1, name: name}
	for _, opt := range opts {
		opt.apply(v)
	}
	return v
}

// Name returns the name that v was declared with.
func (v *Var[T]) Name() string { return v.name }

func (v *Var[T]) key() uint32 { return v.id }

// binding returns the running goroutine's binding of v, or nil.
func (v *Var[T]) binding() *binding[T] {
	b, _ := gls.Get(v.id).(*binding[T])
	return b
}

// Get returns the running goroutine's value of v, or else v's default, or else
// the zero value of T. It allocates nothing and takes the same time whatever
// else is set; see BenchmarkGet.
//
// It mirrors ContextVar.get(), but where that raises LookupError, Get returns
// the zero value, as reading any variable of Go does. [Var.MustGet] panics and
// [Var.Lookup] reports.
func (v *Var[T]) Get() T {
	// As binding does, but with all that is usual inlined: this is what programs
	// do most.
	var held any
	switch f := gls.Peek().Frame(); {
	case f == nil:
		held = gls.Get(v.id)
	case f.Flat():
		held = f.FlatGet(v.id)
	default:
		held = f.DeepGet(v.id)
	}
	if b, _ := held.(*binding[T]); b != nil {
		return b.value
	}
	value, _ := v.unset()
	return value
}

// unset returns what v has where no value is set.
func (v *Var[T]) unset() (value T, ok bool) {
	if v.fallback == nil {
		return value, false
	}
	return v.fallback(), true
}

// GetOr returns the running goroutine's value of v, or else def. Like
// ContextVar.get(default), it ignores the variable's own default.
func (v *Var[T]) GetOr(def T) T {
	if b := v.binding(); b != nil {
		return b.value
	}
	return def
}

// Lookup returns the running goroutine's value of v, or else v's default. It
// reports false, with the zero value, where there is neither: where Python's
// ContextVar.get() raises LookupError.
func (v *Var[T]) Lookup() (T, bool) {
	if b := v.binding(); b != nil {
		return b.value, true
	}
	return v.unset()
}

// MustGet returns the running goroutine's value of v, or else v's default. It
// panics with a [*LookupError] where there is neither.
func (v *Var[T]) MustGet() T {
	value, ok := v.Lookup()
	if !ok {
		panic(&LookupError{Var: v.name})
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
// It mirrors ContextVar.set().
func (v *Var[T]) Set(value T) *Token[T] {
	return &Token[T]{v: v, change: gls.Set(v.id, &binding[T]{v, value})}
}

// Reset gives v the value it had before the [Var.Set] that returned t; where
// there was none, there is none again. It panics with a [*TokenError], and
// changes nothing, if t was used before, belongs to another variable, or was
// made in another context than this is: in another goroutine, or outside of the
// [Context.Run] this is in.
//
// It mirrors ContextVar.reset(). [Token.Reset] is the same, and shorter.
func (v *Var[T]) Reset(t *Token[T]) {
	switch {
	case t.used.Load():
		panic(&TokenError{Var: v.name, Err: ErrTokenUsed})
	case t.v != v:
		panic(&TokenError{Var: v.name, Err: ErrTokenVar, other: t.v.name})
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
	b, ok := c.scope.Frame().Values().Get(v.id).(*binding[T])
	if !ok {
		var zero T
		return zero, false
	}
	return b.value, true
}
