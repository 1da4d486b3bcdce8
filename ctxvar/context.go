package ctxvar

import (
	"iter"
	"reflect"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// A Context is a set of variables and their values. [Context.Run] calls a
// function with it. It mirrors Python's contextvars.Context; it is not a
// [context.Context], but one can carry it, see [NewContext].
//
// The zero Context is empty and ready to use. A Context must not be copied
// after first use; its Copy method makes another.
type Context gls.Env

// env returns what c is to internal/gls.
func (c *Context) env() *gls.Env { return (*gls.Env)(c) }

// Copy returns a new Context with the running goroutine's values. It takes
// constant time, whatever is set. It mirrors contextvars.copy_context().
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

// Run calls fn with the values of c in place of the running goroutine's, which
// are back when fn returns, panics or calls [runtime.Goexit]. What fn sets
// stays in c: the next Run, and [Var.In] and the methods of c, see it.
// Goroutines that fn starts inherit what is set when they start, and what they
// set is their own and not seen in c.
//
// One goroutine may run a Context at a time, and not again from within. Run
// panics with an [*EnterError] otherwise; c.Copy().Run(fn) is the way out.
//
// It mirrors Context.run().
func (c *Context) Run(fn func()) {
	if !c.env().Run(fn) {
		panic(&EnterError{Here: c.env().RunningHere()})
	}
}

// Call calls fn as [Context.Run] does, and returns what it returns.
func Call[T any](c *Context, fn func() (T, error)) (T, error) {
	var (
		value T
		err   error
	)
	c.Run(func() { value, err = fn() })
	return value, err
}

// Copy returns a new Context with the values of c. It takes constant time. It
// mirrors Context.copy().
func (c *Context) Copy() *Context { return hold(c.env().Frame()) }

// Len returns how many variables have a value in c.
func (c *Context) Len() int {
	f := c.env().Frame()
	if !identities.Load() {
		return f.Values().Len()
	}
	n := 0
	eachIn(f, func(uint32, bound) bool {
		n++
		return true
	})
	return n
}

// eachIn calls yield for each binding in f that is readable here, until it
// returns false.
func eachIn(f *gls.Frame, yield func(uint32, bound) bool) {
	f.Values().All(func(key uint32, held any) bool {
		b := held.(bound)
		return !b.readable(f) || yield(key, b)
	})
}

// Contains reports whether v has a value in c. It mirrors var in ctx.
func (c *Context) Contains(v Variable) bool {
	f := c.env().Frame()
	b, _ := f.Values().Get(v.key()).(bound)
	return b != nil && b.readable(f)
}

// All returns the variables that have a value in c, with their values, in the
// order in which they were declared. What is set while the loop runs is not
// seen in it. It mirrors Context.items().
func (c *Context) All() iter.Seq2[Variable, any] {
	f := c.env().Frame()
	return func(yield func(Variable, any) bool) {
		eachIn(f, func(_ uint32, b bound) bool { return yield(b.pair()) })
	}
}

// Equal reports whether the same variables have equal values in c and o. Values
// are equal if == says so or, for those it can't compare, [reflect.DeepEqual].
// It mirrors ctx == other, which compares values as Python's == does.
func (c *Context) Equal(o *Context) bool {
	if c.Len() != o.Len() {
		return false
	}
	f := o.env().Frame()
	equal := true
	eachIn(c.env().Frame(), func(key uint32, a bound) bool {
		b, _ := f.Values().Get(key).(bound)
		equal = b != nil && b.readable(f) && (a == b || sameValue(a, b))
		return equal
	})
	return equal
}

// sameValue compares the values of two bindings of one variable.
func sameValue(a, b bound) bool {
	_, av := a.pair()
	_, bv := b.pair()
	if av == nil || bv == nil {
		return av == bv
	}
	if reflect.ValueOf(av).Comparable() && reflect.ValueOf(bv).Comparable() {
		return av == bv
	}
	return reflect.DeepEqual(av, bv)
}

// Detach calls fn without any variable set. The running goroutine's values are
// back when fn returns, panics or calls [runtime.Goexit], and what fn sets is
// gone. It is for starting what outlives the work at hand and must not keep
// that work's values alive, nor act in its name: in a request's handler, say, a
// refresher of a cache.
//
//	ctxvar.Detach(func() { go refresh() })
//
// It is Empty().Run(fn).
func Detach(fn func()) { Empty().Run(fn) }
