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
type Context struct{ scope gls.Scope }

func init() {
	gls.ScopeOf = func(c any) *gls.Scope { return &c.(*Context).scope }
}

// Copy returns a new Context with the running goroutine's values. It takes
// constant time, whatever is set. It mirrors contextvars.copy_context().
func Copy() *Context { return hold(gls.Current()) }

// Empty returns a new Context without values. It mirrors contextvars.Context().
func Empty() *Context { return new(Context) }

func hold(f *gls.Frame) *Context {
	c := new(Context)
	c.scope.Hold(f)
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
	if !c.scope.Run(fn) {
		panic(&EnterError{Here: c.scope.RunningHere()})
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
func (c *Context) Copy() *Context { return hold(c.scope.Frame()) }

// Len returns how many variables have a value in c.
func (c *Context) Len() int { return c.scope.Frame().Values().Len() }

// Contains reports whether v has a value in c. It mirrors var in ctx.
func (c *Context) Contains(v Variable) bool {
	return c.scope.Frame().Values().Get(v.key()) != nil
}

// All returns the variables that have a value in c, with their values, in the
// order in which they were declared. What is set while the loop runs is not
// seen in it. It mirrors Context.items().
func (c *Context) All() iter.Seq2[Variable, any] {
	values := c.scope.Frame().Values()
	return func(yield func(Variable, any) bool) {
		values.All(func(_ uint32, b any) bool {
			return yield(b.(interface{ pair() (Variable, any) }).pair())
		})
	}
}

// Equal reports whether the same variables have equal values in c and o. Values
// are equal if == says so or, for those it can't compare, [reflect.DeepEqual].
// It mirrors ctx == other, which compares values as Python's == does.
func (c *Context) Equal(o *Context) bool {
	a, b := c.scope.Frame().Values(), o.scope.Frame().Values()
	if a.Len() != b.Len() {
		return false
	}
	equal := true
	a.All(func(key uint32, av any) bool {
		bv := b.Get(key)
		equal = bv != nil && (av == bv || sameValue(av, bv))
		return equal
	})
	return equal
}

// sameValue compares the values of two bindings of one variable.
func sameValue(a, b any) bool {
	_, av := a.(interface{ pair() (Variable, any) }).pair()
	_, bv := b.(interface{ pair() (Variable, any) }).pair()
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
