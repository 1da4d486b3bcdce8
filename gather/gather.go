package gather

import (
	"context"
	"strconv"

	"github.com/heirloom-go/heirloom/task"
)

// All runs fns concurrently, each in a goroutine of its own with a copy of the
// caller's variables, and returns their results in the order of fns, in
// whatever order they end. It is Python's asyncio.gather.
//
// The first failure ends the call: the context of the other jobs is cancelled,
// with the failure as its cause, and once they have ended, All returns no
// results and the failure, a [*JobError] that says which job failed. Later
// errors are dropped, because most of them are only results of the
// cancellation; [Settled] keeps all errors. (In asyncio the other jobs run on.
// Here no job outlives the call that started it.)
//
// Every function is called exactly once, and All blocks until all have
// returned, even those that ignore the end of their context. Only if ctx is
// done when All is called does no job start; the error then matches both
// [ErrNotStarted] and the cause. If ctx is cancelled later, the result depends
// on the jobs: All returns an error, or the results if all jobs succeed
// nevertheless.
//
// Without functions, All returns an empty slice at once. It panics with a
// [*UsageError] if one of fns is nil. For a limit, a timeout or other options,
// use [Map] over the functions with [Call].
func All[T any](ctx context.Context, fns ...task.Func[T]) ([]T, error) {
	checkFuncs("All", fns)
	return mapItems[task.Func[T], T](ctx, kindAll, fns, nil, nil)
}

// Call calls fn(ctx). With it, functions can serve as the items of a call:
//
//	results, err := gather.Map(ctx, fns, gather.Call, gather.Limit(8))
func Call[F ~func(context.Context) (T, error), T any](ctx context.Context, fn F) (T, error) {
	return fn(ctx)
}

// A Result is the outcome of one job of [Settled].
type Result[T any] struct {
	// Value is the value that the job returned, or the zero value if it
	// panicked, called [runtime.Goexit] or never started.
	Value T

	// Err is the error that the job returned, a [*task.PanicError] if it
	// panicked, [task.ErrGoexit] if it called [runtime.Goexit], and an error
	// that matches [ErrNotStarted] if it never ran.
	Err error
}

// Get returns the value and the error, in the form in which a job returns them.
func (r Result[T]) Get() (T, error) { return r.Value, r.Err }

// Settled runs fns concurrently, as [All] does, and returns how each of them
// ended, in the order of fns. A failure does not cancel the other jobs. It is
// Python's asyncio.gather with return_exceptions=True, and JavaScript's
// Promise.allSettled.
//
// Settled blocks until every function has returned; cancelling ctx cancels all
// of them. If ctx is done when Settled is called, no function is called, and
// each result says so. Without functions, Settled returns an empty slice at
// once. It panics with a [*UsageError] if one of fns is nil.
func Settled[T any](ctx context.Context, fns ...task.Func[T]) []Result[T] {
	checkFuncs("Settled", fns)
	s := &settlement[T]{
		batch: batch[task.Func[T], T]{items: fns, kind: kindSettled},
		all:   make([]Result[T], len(fns)),
	}
	s.outcome = s
	ctx = safe("Settled", ctx)
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

func (s *settlement[T]) notify(i int, v T, err error, _ bool) { s.all[i] = Result[T]{v, err} }

// checkFuncs panics if one of fns is nil.
func checkFuncs[T any](caller string, fns []task.Func[T]) {
	for i, fn := range fns {
		if fn == nil {
			panic(&UsageError{
				Func:    "gather." + caller,
				Problem: "function " + strconv.Itoa(i) + " is nil; pass the function that the job is to run",
				Err:     task.ErrNilFunc,
			})
		}
	}
}
