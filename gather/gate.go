package gather

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"

	"github.com/heirloom-go/heirloom/task"
)

// WeightError is the error of a job that could never start because of the
// weight that [Weight] gives it.
type WeightError struct {
	// Weight is the weight of the job.
	Weight int64

	// Capacity is the limit on the sum of the weights of the jobs that run at
	// once.
	Capacity int64
}

// Error returns why the job can never start.
func (e *WeightError) Error() string {
	if e.Weight < 0 {
		return fmt.Sprintf("weight %d: a weight must not be negative", e.Weight)
	}
	return fmt.Sprintf("weight %d: more than the capacity of %d, so it could never start", e.Weight, e.Capacity)
}

// A gate delays the start of jobs as the options [Weight] and [Rate] require.
// The one goroutine that starts the jobs of a call passes the gate once for
// each job, in order.
type gate[T any] struct {
	rate     Limiter
	weigh    func(T) int64
	capacity int64
	free     *semaphore.Weighted
}

// newGate returns the gate for the options in c, or nil if they need none.
func newGate[T any](caller string, c *config) *gate[T] {
	if c.rate == nil && c.weigh == nil {
		return nil
	}
	g := &gate[T]{rate: c.rate}
	if c.weigh != nil {
		g.weigh = itemFunc[T, int64](caller, "Weight", c.weigh)
		g.capacity = c.capacity
		g.free = semaphore.NewWeighted(c.capacity)
	}
	return g
}

// enter blocks until the job of item may start, and returns the argument for
// release when the job has ended. If enter returns an error, the job must not
// start.
func (g *gate[T]) enter(ctx context.Context, item T) (weight int64, err error) {
	if g == nil {
		return 0, nil
	}
	if g.weigh != nil {
		weight, err = protect(func() (int64, error) { return g.weigh(item), nil })
		if err != nil {
			return 0, err
		}
		if weight < 0 || weight > g.capacity {
			return 0, &WeightError{Weight: weight, Capacity: g.capacity}
		}
		if err := g.free.Acquire(ctx, weight); err != nil {
			return 0, err
		}
	}
	// The rate limiter comes last, so that a job starts as soon as it lets it
	// through.
	if g.rate != nil {
		if _, err := protect(func() (struct{}, error) { return struct{}{}, g.rate.Wait(ctx) }); err != nil {
			g.release(weight)
			return 0, err
		}
	}
	return weight, nil
}

// protect calls fn, a function of the user's, and turns a panic into an error.
// It does not return if fn calls Goexit.
func protect[T any](fn func() (T, error)) (value T, err error) {
	task.Func[T](func(context.Context) (T, error) {
		return fn()
	}).Call(context.Background(), func(v T, e error) { value, err = v, e })
	return value, err
}

// release frees the weight of a job that has ended.
func (g *gate[T]) release(weight int64) {
	if g != nil && g.free != nil {
		g.free.Release(weight)
	}
}

// itemFunc returns f, the function given to the option with the given name, as
// a function of the items of the call.
func itemFunc[T, R any](caller, name string, f any) func(T) R {
	if f, ok := f.(func(T) R); ok {
		return f
	}
	var item T
	panic(&UsageError{
		Func:    "gather." + caller,
		Problem: fmt.Sprintf("the function given to %s is a %T, but the items are of type %T", name, f, item),
	})
}
