package limit

import (
	"context"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// Do calls fn while it holds a place of g, of weight 1, and returns fn's
// results. If there is no place before ctx ends, it returns the error of
// Acquire without calling fn. The place is released when fn returns, panics or
// calls [runtime.Goexit]. If the release panics, as it does if fn has released the
// place itself, the panic contains the failure of fn.
//
// Do panics with [task.ErrNilFunc] if fn is nil, and with a [*UsageError] if g is,
// and with [task.ErrNilContext] if ctx is.
func Do[T any](ctx context.Context, g Gate, fn task.Func[T]) (value T, err error) {
	check("Do", g, fn == nil)
	if ctx == nil {
		panic(task.ErrNilContext) // whatever kind of Gate g is
	}
	if err := g.Acquire(ctx, 1); err != nil {
		var zero T
		return zero, err
	}
	defer func() {
		fault := release(g)
		if fault == nil {
			return
		}
		failure := err
		if r := recover(); r != nil {
			failure = panicError(r)
		}
		if failure != nil {
			fault = verdict.Errorf("%w; releasing its place: %w", failure, panicError(fault))
		}
		panic(fault)
	}()
	return fn(ctx)
}

// release releases a place of g, and returns the value that it panicked with, or nil.
func release(g Gate) (fault any) {
	defer func() { fault = recover() }()
	g.Release(1)
	return nil
}

// panicError returns the value of a panic as an error.
func panicError(value any) error {
	if err, ok := value.(error); ok {
		return err
	}
	return fmt.Errorf("panic: %v", value)
}

// Task returns fn with [Do] around it, as the function of a task. It panics as Do does.
func Task[T any](g Gate, fn task.Func[T]) task.Func[T] {
	check("Task", g, fn == nil)
	return func(ctx context.Context) (T, error) { return Do(ctx, g, fn) }
}

// check panics if what was given to caller is nil.
func check(caller string, g Gate, noFunc bool) {
	if noFunc {
		panic(task.ErrNilFunc)
	}
	checkGate(caller, g)
}

func checkGate(caller string, g Gate) {
	if g == nil {
		panic(&UsageError{Func: "limit." + caller, Problem: "nil Gate; pass a Limiter, or the one of a key"})
	}
}

// Func returns fn with [Do] around it, as the function of gather.Map or
// gather.Stream. It panics as Do does.
func Func[T, R any](g Gate, fn func(context.Context, T) (R, error)) func(context.Context, T) (R, error) {
	check("Func", g, fn == nil)
	return FuncBy(func(T) Gate { return g }, fn)
}

// FuncBy is [Func] with a limiter chosen for each item, usually one of a
// [Keyed].
//
//	byHost := func(u *url.URL) limit.Gate { return hosts.For(u.Host) }
//	pages, err := gather.Map(ctx, urls, limit.FuncBy(byHost, fetch))
func FuncBy[T, R any](gate func(item T) Gate, fn func(context.Context, T) (R, error)) func(context.Context, T) (R, error) {
	if gate == nil || fn == nil {
		panic(task.ErrNilFunc)
	}
	return func(ctx context.Context, item T) (R, error) {
		return Do(ctx, gate(item), func(ctx context.Context) (R, error) { return fn(ctx, item) })
	}
}

// Chain returns a Gate that requires all of gates. Acquire acquires them in
// this order, and holds the first ones while it waits for the next. So put the
// gate that takes longest, and is shared least, first: the limit of a host
// before that of the whole program.
//
// Chain panics with a [*UsageError] if one of gates is nil.
func Chain(gates ...Gate) Gate {
	var all chain
	for _, g := range gates {
		checkGate("Chain", g)
		if inner, ok := g.(chain); ok {
			all = append(all, inner...)
		} else {
			all = append(all, g)
		}
	}
	return all
}

type chain []Gate

func (c chain) Acquire(ctx context.Context, weight int64) (err error) {
	c.each(weight, func(g Gate) bool {
		err = g.Acquire(ctx, weight)
		return err == nil
	})
	return err
}

func (c chain) TryAcquire(weight int64) bool {
	return c.each(weight, func(g Gate) bool { return g.TryAcquire(weight) })
}

// each acquires each gate of c with acquire. If that fails or panics for one of them, each
// gate before that one is as before, even if undoing its acquisition panics for another.
func (c chain) each(weight int64, acquire func(Gate) bool) (all bool) {
	if len(c) == 0 {
		return true
	}
	if !acquire(c[0]) {
		return false
	}
	began := time.Now()
	defer func() {
		if !all {
			undo(c[0], weight, began)
		}
	}()
	return c[1:].each(weight, acquire)
}

// undo undoes the acquisition of g, which ended at the time began. A Gate of the user's can
// only be released.
func undo(g Gate, weight int64, began time.Time) {
	if u, ok := g.(undoer); !ok || !u.undo(g, weight, began) {
		g.Release(weight)
	}
}

// An undoer is a Gate of this package, or one of the user's in which there is one.
type undoer interface {
	undo(g Gate, weight int64, began time.Time) bool
}

// Release releases all gates, even if that panics for one of them.
func (c chain) Release(weight int64) {
	if len(c) > 0 {
		last := len(c) - 1
		defer c[:last].Release(weight)
		c[last].Release(weight)
	}
}
