package ctxvar

import (
	"math"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// A Var is a context variable: its value is visible only to the goroutine that
// set it and to the goroutines that it starts afterwards. It mirrors Python's
// contextvars.ContextVar.
//
// Declare a Var with [New] at package level. New in a function makes a new
// variable with each call. No other code can read that variable, and it takes a
// little memory in every Context in which it is ever set. Using a Var that New
// did not make, that is, a zero Var or a copy, panics with a [*VarError].
type Var[T any] struct {
	_ noCopy
	// self points to the Var itself. In a copy it does not, which is how check
	// recognises one.
	self *Var[T]
	// key identifies the variable in frames. A zero Var has the number 0, and no
	// other Var does.
	key gls.Key
	// guard is the key with which a variable for identity is bound, and nil for
	// others.
	guard    *gls.Key
	secret   bool
	constant bool // the default is preset
	name     string
	preset   T
	// fallback makes the default anew each time. It is nil if the default is
	// preset.
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

	// id returns the variable's number.
	id() uint32
	// anyOf, identical and standing are valueOf, identical and standing, for
	// bindings of the variable.
	anyOf(*gls.Binding) any
	identical(a, b *gls.Binding) bool
	standing(*gls.Binding, *gls.Frame) gls.Standing
}

var _ Variable = (*Var[any])(nil)

// ids counts the variables. The counter has more bits than their numbers, so it never wraps around.
var ids atomic.Uint64

// New declares a variable. The name appears in error texts and listings; it
// does not identify the variable, the pointer does. If several defaults are
// given, the last one counts.
//
// Call New at package level, as contextvars.ContextVar is called at module
// level.
func New[T any](name string, opts ...Option[T]) *Var[T] {
	id := ids.Add(1)
	if id > math.MaxUint32 {
		panic(&UsageError{Func: "ctxvar.New", Problem: "too many variables; declare them at package level, not in functions"})
	}
	v := &Var[T]{name: name}
	v.self = v
	v.key = gls.KeyOf[T](uint32(id), v)
	for _, opt := range opts {
		if opt == nil {
			panic(&UsageError{Func: "ctxvar.New", Problem: "nil Option; leave it out"})
		}
		opt.apply(v)
	}
	if v.secret && v.constant {
		// The verbs of package fmt that do not call String print the fields of
		// what they are given, but not what a function refers to.
		preset := v.preset
		DefaultFunc(func() T { return preset }).apply(v)
	}
	return v
}

// Name returns the name that v was declared with.
func (v *Var[T]) Name() string { return v.name }

// Secret reports whether v was declared with [Secret].
func (v *Var[T]) Secret() bool { return v.secret }

func (v *Var[T]) id() uint32 {
	v.check()
	return v.key.ID
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
// the zero value of T. It allocates nothing, and takes a few nanoseconds with a
// thousand other variables set as with none; see BenchmarkGet.
//
// It mirrors ContextVar.get(), except that Get returns the zero value where
// Python raises LookupError, as reading any Go variable does. [Var.MustGet]
// panics there, and [Var.Lookup] reports false.
func (v *Var[T]) Get() T {
	// This is Lookup with the common path inlined, because programs call
	// Get far more often than anything else.
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
	var b *gls.Binding
	if f.Flat() {
		b = f.FlatGet(v.key.ID)
	} else {
		b = f.DeepGet(v.key.ID)
	}
	if b != nil && b.Key == &v.key {
		return gls.As[T](b).Value
	}
	if v.guard != nil {
		if value, ok := v.ofIdentity(b); ok {
			return value
		}
	}
	value, _ := v.unset()
	return value
}

// set returns the running goroutine's value of v, and whether it has one.
func (v *Var[T]) set() (T, bool) {
	b := gls.Get(v.key.ID)
	if b != nil && b.Key == &v.key {
		return gls.As[T](b).Value, true
	}
	return v.ofIdentity(b)
}

// unset returns v's value where none is set: the default, if v has one.
func (v *Var[T]) unset() (value T, ok bool) {
	v.check()
	if v.fallback != nil {
		return v.fallback(), true
	}
	return v.preset, v.constant
}

// GetOr returns the running goroutine's value of v, or else def. Like
// ContextVar.get(default), it ignores v's own default.
func (v *Var[T]) GetOr(def T) T {
	if value, ok := v.set(); ok {
		return value
	}
	v.check()
	return def
}

// Lookup returns the running goroutine's value of v, or else v's default. If v
// has neither, which is where Python's ContextVar.get() raises LookupError,
// Lookup returns the zero value and false. It ignores the default of a variable
// for identity (see [Identity]).
func (v *Var[T]) Lookup() (value T, ok bool) {
	if value, ok = v.set(); ok || v.guard != nil {
		return value, ok
	}
	return v.unset()
}

// MustGet returns the running goroutine's value of v, or else v's default. If
// [Var.Lookup] would report false, MustGet panics with a [*LookupError], which
// gives the reason if it is known.
func (v *Var[T]) MustGet() T {
	value, ok := v.Lookup()
	if !ok {
		v.check()
		panic(&LookupError{Var: v.name, Why: v.why()})
	}
	return value
}

// Set sets the value of v in the running goroutine, and in the [Context] that
// the goroutine is running, if any. Goroutines that it starts from now on
// inherit the value. Those already running, and the goroutine that started this
// one, do not see it. The value becomes garbage together with the last
// goroutine or Context that has it.
//
// The returned Token restores the previous value; ignore it to keep the new
// one. To set a value for the rest of a function:
//
//	defer v.Set(value).Reset()
//
// A value that is never reset lasts as long as the goroutine. In a handler this
// is longer than the request, if connections are kept alive or handlers run in
// a pool; to prevent that, begin a [Work] with each request, as
// ctxhttp.Middleware does.
//
// It mirrors ContextVar.set().
func (v *Var[T]) Set(value T) *Token[T] {
	// Set is small enough to be inlined, so a token that does not escape
	// the calling function is not allocated.
	return &Token[T]{v: v, change: v.assign(value)}
}

func (v *Var[T]) assign(value T) gls.Change {
	v.check()
	if v.guard != nil {
		return v.assignHere(value)
	}
	p := gls.Peek()
	f := gls.FrameIn(p)
	if f == nil {
		f = gls.Recall(p)
	}
	if f.Alone(v.key.ID) {
		sole := new(gls.Sole[T])
		sole.Bound.Key, sole.Bound.Value = &v.key, value
		return f.Set(v.key.ID, &sole.Bound.Binding, &sole.Frame)
	}
	if gls.Small[T]() && f.Deep(v.key.ID) {
		sole := new(gls.DeepSole[T])
		sole.Bound.Key, sole.Bound.Value = &v.key, value
		return f.Set(v.key.ID, &sole.Bound.Binding, &sole.Frame)
	}
	b := &gls.Bound[T]{Value: value}
	b.Key = &v.key
	return f.Set(v.key.ID, &b.Binding, nil)
}

// Reset restores the value that v had before the [Var.Set] that returned t; if
// v had no value then, it has none again. Reset panics with a [*TokenError],
// and changes nothing, if t was already used, belongs to another variable, or
// was made in another context: in another goroutine, or outside of the
// [Context.Run] in which Reset is called.
//
// It mirrors ContextVar.reset(). [Token.Reset] does the same and is shorter.
func (v *Var[T]) Reset(t *Token[T]) {
	if v == nil || v.self != v || t.v != v || t.used.isSet() || !t.change.Undo(v.key.ID) {
		v.cannotReset(t)
	}
	t.used.set()
}

// cannotReset panics with the reason why v cannot be reset with t.
func (v *Var[T]) cannotReset(t *Token[T]) {
	if v == nil {
		panic(&TokenError{Err: ErrTokenVar, other: t.of()})
	}
	v.check()
	switch {
	case t.used.isSet():
		panic(&TokenError{Var: v.name, Err: ErrTokenUsed})
	case t.v != v:
		panic(&TokenError{Var: v.name, Err: ErrTokenVar, other: t.of()})
	default:
		panic(&TokenError{Var: v.name, Err: ErrTokenContext})
	}
}

// With sets v to value and calls fn. It restores v's previous value when fn
// returns, panics or calls [runtime.Goexit]. It mirrors the with statement of
// Python 3.14: with v.set(value): ...
func (v *Var[T]) With(value T, fn func()) {
	defer v.Set(value).Reset()
	fn()
}

// In returns the value of v in c, and reports whether v has one there. It
// ignores defaults. It mirrors ctx[var] and ctx.get(var).
//
// While a goroutine runs c, In called from another goroutine returns the value as
// some assignment of that run left it.
func (v *Var[T]) In(c *Context) (T, bool) {
	v.check()
	f := c.env().Frame()
	b := f.Values().Get(v.key.ID)
	if b == nil || v.standing(b, f) != gls.Within {
		var zero T
		return zero, false
	}
	return v.valueOf(b), true
}

// LookupIn is [Var.Lookup] for the values in c: it returns the value of v in c,
// or else v's default. Functions that were given a ctx use it with [Effective].
func (v *Var[T]) LookupIn(c *Context) (value T, ok bool) {
	if value, ok = v.In(c); ok || v.guard != nil {
		return value, ok
	}
	return v.unset()
}
