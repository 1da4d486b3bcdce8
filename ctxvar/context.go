package ctxvar

import (
	"iter"
	"reflect"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// A Context is a set of variables and their values. [Context.Run] calls a
// function with them. A Context mirrors Python's contextvars.Context. It is not
// a [context.Context], but a context.Context can carry one; see [NewContext].
//
// The zero Context is empty and ready to use. A Context must not be copied
// after first use; its Copy method returns a copy.
type Context gls.Env

// env returns c as the type that internal/gls works on.
func (c *Context) env() *gls.Env { return (*gls.Env)(c) }

// Copy returns a new Context with the running goroutine's values, in constant
// time. It mirrors contextvars.copy_context().
func Copy() *Context {
	c := new(Context)
	c.env().HoldHere()
	return c
}

// Empty returns a new Context without values. It mirrors contextvars.Context().
func Empty() *Context { return new(Context) }

func hold(f *gls.Frame) *Context {
	c := new(Context)
	c.env().Hold(f)
	return c
}

// Run calls fn with the values of c in place of the running goroutine's. The
// goroutine's own values are restored when fn returns, panics or calls
// [runtime.Goexit]. What fn sets stays in c: the next Run, [Var.In] and the
// methods of c see it. Goroutines that fn starts inherit what is set when they
// start; what they set afterwards is not seen in c.
//
// Only one goroutine may run a Context at a time, and it may not run it again
// from within fn. Otherwise Run panics with an [*EnterError]; to avoid that,
// call c.Copy().Run(fn).
//
// It mirrors Context.run().
func (c *Context) Run(fn func()) {
	if !c.env().Run(fn) {
		panic(&EnterError{Here: c.env().RunningHere()})
	}
}

// Call calls fn as [Context.Run] does and returns fn's results.
func Call[T any](c *Context, fn func() (T, error)) (T, error) {
	var (
		value T
		err   error
	)
	c.Run(func() { value, err = fn() })
	return value, err
}

// Copy returns a new Context with the values of c, in constant time. It mirrors
// Context.copy().
func (c *Context) Copy() *Context { return hold(c.env().Frame()) }

// Len returns how many variables have a value in c.
func (c *Context) Len() int {
	f := c.env().Frame()
	if !identities.Load() {
		return f.Values().Len()
	}
	n := 0
	eachIn(f, func(uint32, *gls.Binding) bool {
		n++
		return true
	})
	return n
}

// eachIn calls yield for each binding in f that is readable here, until yield
// returns false.
func eachIn(f *gls.Frame, yield func(uint32, *gls.Binding) bool) {
	f.Values().All(func(key uint32, b *gls.Binding) bool {
		return !readable(b, f) || yield(key, b)
	})
}

// Contains reports whether v has a value in c. It mirrors var in ctx.
func (c *Context) Contains(v Variable) bool {
	f := c.env().Frame()
	b := f.Values().Get(v.id())
	return b != nil && readable(b, f)
}

// All returns an iterator over the variables that have a value in c, and their
// values, in the order in which the variables were declared. The iterator does
// not see variables set after All was called. It mirrors Context.items().
func (c *Context) All() iter.Seq2[Variable, any] {
	f := c.env().Frame()
	return func(yield func(Variable, any) bool) {
		eachIn(f, func(_ uint32, b *gls.Binding) bool {
			v := boundTo(b)
			return yield(v, v.anyOf(b))
		})
	}
}

// Equal reports whether the same variables have equal values in c and o. Values
// are equal if they are the very same, such as one function, or equal by == or, for
// values that == cannot compare, by [reflect.DeepEqual]. It mirrors ctx == other,
// which compares values with Python's is and ==.
func (c *Context) Equal(o *Context) bool {
	if c.Len() != o.Len() {
		return false
	}
	f := o.env().Frame()
	equal := true
	eachIn(c.env().Frame(), func(key uint32, a *gls.Binding) bool {
		b := f.Values().Get(key)
		equal = b != nil && readable(b, f) && sameValue(a, b)
		return equal
	})
	return equal
}

// sameValue reports whether two bindings of one variable have equal values.
func sameValue(a, b *gls.Binding) bool {
	v := boundTo(a)
	if v.identical(a, b) {
		return true
	}
	av, bv := v.anyOf(a), v.anyOf(b)
	if av == nil || bv == nil {
		return av == bv
	}
	if reflect.ValueOf(av).Comparable() && reflect.ValueOf(bv).Comparable() {
		return av == bv
	}
	return reflect.DeepEqual(av, bv)
}

// Detach calls fn with no variables set. The running goroutine's values are
// restored when fn returns, panics or calls [runtime.Goexit], and what fn set
// is discarded. Use it to start what outlives the current work and must neither
// keep the work's values alive nor act in its name, such as a cache refresher
// that a request's handler starts:
//
//	ctxvar.Detach(func() { go refresh() })
//
// Detach(fn) is Empty().Run(fn).
func Detach(fn func()) { Empty().Run(fn) }
