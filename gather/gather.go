package gather

import (
	"context"
	"strconv"

	"github.com/heirloom-go/heirloom/task"
)

// All runs fns concurrently, each in a goroutine and a copy of the caller's
// variables of its own, and returns their results in the order of fns, whatever
// order they end in. It is Python's asyncio.gather.
//
// The first job to fail ends the call: the context the other jobs run with is
// cancelled, with that failure as its cause, and once they have ended All
// returns the failure, a [*JobError] that says which job it was, and no
// results. Errors of jobs that fail after the first are dropped, since most
// often they are nothing but the cancellation; [Settled] keeps all of them. (In
// asyncio the other jobs run on. Here no job outlives the call that started
// it.)
//
// Every function is called, exactly once, and none is left running: All blocks
// until all have returned. A job that does not return when its context is done
// is waited for. Only if ctx is done when All is called does no job start, and
// the error then matches both [ErrNotStarted] and the cause. When ctx is
// cancelled later, All returns what the jobs make of it: an error, or the
// results if all of them succeed nevertheless.
//
// With no functions, All returns an empty slice at once. It panics with a
// [*UsageError] if one of fns is nil. For a limit, a timeout or other options,
// use [Map] over the functions with [Call].
func All[T any](ctx context.Context, fns ...task.Func[T]) ([]T, error) {
	checkFuncs("All", fns)
	return mapItems(ctx, kindAll, fns, call[T], nil)
}

// Call calls fn(ctx). It is for giving functions to what takes items:
//
//	results, err := gather.Map(ctx, fns, gather.Call, gather.Limit(8))
func Call[F ~func(context.Context) (T, error), T any](ctx context.Context, fn F) (T, error) {
	return fn(ctx)
}

func call[T any](ctx context.Context, fn task.Func[T]) (T, error) { return fn(ctx) }

// A Result is how one job of [Settled] ended.
type Result[T any] struct {
	// Value is what the job returned, and the zero value if it panicked, called
	// [runtime.Goexit] or never started.
	Value T

	// Err is the error that the job returned, a [*task.PanicError] if it
	// panicked, [task.ErrGoexit] if it called [runtime.Goexit], and an error
	// that matches [ErrNotStarted] if it never ran.
	Err error
}

// Get returns the value and the error, as the job did.
func (r Result[T]) Get() (T, error) { return r.Value, r.Err }

// Settled runs fns concurrently, as [All] does, and returns how each of them
// ended, in the order of fns. A failure cancels nothing. It is Python's
// asyncio.gather with return_exceptions=True, and JavaScript's
// Promise.allSettled.
//
// Settled blocks until every function has returned; cancelling ctx reaches all
// of them. If ctx is done when Settled is called none is called, and each result
// says so. With no functions, Settled returns an empty slice at once. It panics
// with a [*UsageError] if one of fns is nil.
func Settled[T any](ctx context.Context, fns ...task.Func[T]) []Result[T] {
	checkFuncs("Settled", fns)
	s := &settlement[T]{
		batch: batch[task.Func[T], T]{items: fns, fn: call[T], kind: kindSettled},
		all:   make([]Result[T], len(fns)),
	}
	s.outcome = s
	started := s.run(ctx)
	for i := started; i < len(fns); i++ {
		s.all[i].Err = notStarted(ctx)
	}
	return s.all
}

// A settlement is one call of [Settled].
type settlement[T any] struct {
	batch[task.Func[T], T]
	all []Result[T]
}

func (s *settlement[T]) ended(i int, v T, err error, _ bool) { s.all[i] = Result[T]{v, err} }

// checkFuncs panics if one of fns is nil.
func checkFuncs[T any](caller string, fns []task.Func[T]) {
	for i, fn := range fns {
		if fn == nil {
			panic(&UsageError{
				Func:    caller,
				Problem: "function " + strconv.Itoa(i) + " is nil; pass the function that the job is to run",
				Err:     task.ErrNilFunc,
			})
		}
	}
}
