package task

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/heirloom-go/heirloom/internal/verdict"
)

// When tells [Wait] what to wait for.
type When int

// What Wait can wait for. They mirror the constants of the same names that
// asyncio.wait takes as return_when.
const (
	FirstCompleted When = iota // until a task has ended
	FirstError                 // until a task has failed, or all have ended; being cancelled is not failing
	AllCompleted               // until all tasks have ended
)

// Wait waits until enough of the tasks have ended, and returns those that have
// and those that have not, each in the order in which they were given. It
// touches none of them, and looks at no error. Given no task it returns at once,
// and it counts a task that is given several times as one. It mirrors
// asyncio.wait.
//
// If ctx ends first, Wait returns the tasks as they are then, and an [*Error]
// that has ctx's error and cause. A ctx with a deadline takes the place of
// asyncio.wait's timeout. The [*Error] is [ErrDeadlock] if the wait would never
// end, as for [Task.Await]: because one of the tasks waits for the caller if it
// is for all, and because all of those left do if it is for the first.
//
// For tasks with different results, have H be [Handle].
func Wait[H Handle](ctx context.Context, when When, tasks ...H) (done, pending []H, err error) {
	tasks = distinct(tasks)
	kind := forAll
	if when != AllCompleted {
		kind = forAny
	}
	w := watch(tasks, kind)
	defer w.stop()
	for left := len(tasks); left > 0; {
		i, waitErr := w.next(ctx)
		if waitErr != nil {
			err = waitErr
			break
		}
		left--
		if when == FirstCompleted || when == FirstError && w.nodes[i].failed() {
			break
		}
	}
	for i, t := range tasks {
		if w.nodes[i].is(isFinal) {
			done = append(done, t)
		} else {
			pending = append(pending, t)
		}
	}
	return done, pending, err
}

// AsCompleted iterates over the tasks as they end, the first one first, with
// the error of each, which is looked at with that. It counts a task that is
// given several times as one. Leaving the loop early leaves the other tasks
// alone. It mirrors asyncio.as_completed.
//
//	for t, err := range task.AsCompleted(ctx, tasks...) {
//
// If ctx ends, the tasks that have not ended come with an [*Error] that has
// ctx's error and cause, in the order in which they were given. So each task
// comes exactly once. If all that are left wait for the caller to end, the error
// is [ErrDeadlock].
func AsCompleted[H Handle](ctx context.Context, tasks ...H) iter.Seq2[H, error] {
	return func(yield func(H, error) bool) {
		tasks := distinct(tasks)
		w := watch(tasks, forAny)
		defer w.stop()
		came := make([]bool, len(tasks))
		var failed error
		for range tasks {
			i, err := w.next(ctx)
			if err != nil {
				failed = errors.Unwrap(err)
				break
			}
			came[i] = true
			if !yield(tasks[i], tasks[i].Err()) {
				return
			}
		}
		for i, t := range tasks {
			if came[i] {
				continue
			}
			var err error
			if w.nodes[i].is(isFinal) {
				err = t.Err()
			} else {
				err = &Error{Op: "await", Task: t.Name(), Err: failed}
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

// distinct returns tasks without repetitions.
func distinct[H Handle](tasks []H) []H {
	if len(tasks) < 2 {
		return tasks
	}
	seen := make(map[*node]bool, len(tasks))
	return slices.DeleteFunc(slices.Clone(tasks), func(t H) bool {
		n := t.untyped()
		again := seen[n]
		seen[n] = true
		return again
	})
}

// Shield runs fn as a task that ctx's cancellation does not reach, and waits
// for it. If ctx ends first, Shield returns an [*Error] that has ctx's error
// and cause, and the task goes on; the [Group] or [Run] it belongs to waits for
// it. If the task then fails, nobody looks at its error, see [Unobserved].
//
// It mirrors asyncio.shield. To have a handle of the task, use [Go] with the
// option [Shielded]: [Task.Await] leaves the task alone in any case.
func Shield[T any](ctx context.Context, fn Func[T], opts ...Option) (T, error) {
	return Go(ctx, fn, append(slices.Clip(opts), Shielded())...).Await(ctx)
}

// WaitFor waits until t has ended, for no longer than d; then it cancels t and
// waits until it has. It returns a [*TimeoutError] if t ended because of that,
// and what t ended with if not.
//
// If ctx ends, WaitFor returns an [*Error] that has ctx's error and cause. If
// that is before d has passed, it cancels t with ctx's cause and waits for it
// first. A t that ignores its ctx keeps WaitFor waiting. It mirrors
// asyncio.wait_for.
func WaitFor[T any](ctx context.Context, t *Task[T], d time.Duration) (T, error) {
	var zero T
	limited, stop := context.WithTimeout(ctx, d)
	defer stop()
	err := t.await(limited)
	if err == nil {
		return t.result()
	}
	if _, stuck := errors.Unwrap(err).(*deadlock); stuck {
		return zero, err
	}
	if ctx.Err() != nil {
		t.cancel(context.Cause(ctx))
		if err := t.await(context.WithoutCancel(ctx)); err != nil {
			// t waits for the task that we are, so it never ends if we do not.
			return zero, &Error{Op: "await", Task: t.name(), Err: interruptedBy(ctx)}
		}
		if v, err := t.result(); t.current() != Canceled {
			return v, err
		}
		return zero, &Error{Op: "await", Task: t.name(), Err: interruptedBy(ctx)}
	}
	late := &TimeoutError{Task: t.name(), After: d}
	t.cancel(late)
	if err := t.await(ctx); err != nil {
		return zero, err
	}
	v, err := t.result()
	if ce, ok := err.(*CanceledError); ok && t.current() == Canceled && ce.Cause == error(late) {
		err = late.with(ce.Err)
	}
	return v, err
}

// Within calls fn, in the caller's goroutine and with the caller's variables,
// with a ctx that is cancelled after d, and returns what it returns. If fn ended
// because of that, the error is a [*TimeoutError] instead. It mirrors the
// asyncio.timeout block.
//
// Within tells its own limit from a cancellation that comes from further out,
// which it passes on; if both happened, the one further out counts. Tasks
// started with fn's ctx are cancelled when Within returns. A panic in fn is not
// recovered.
func Within[T any](ctx context.Context, d time.Duration, fn Func[T]) (T, error) {
	if fn == nil {
		panic(ErrNilFunc)
	}
	limit := &TimeoutError{After: d}
	if t := FromContext(ctx); t != nil {
		limit.Task = t.Name()
	}
	limited, stop := context.WithTimeoutCause(ctx, d, limit)
	defer stop()
	v, err := fn(limited)
	if err == nil {
		return v, nil
	}
	limitedErr, cause := limited.Err(), context.Cause(limited)
	switch {
	case !verdict.Cancelled(err, limitedErr, cause):
		return v, err
	case ctx.Err() != nil:
		outer := interruptedBy(ctx)
		switch {
		case err == context.Canceled || err == context.DeadlineExceeded || isSame(err, outer):
			return v, outer
		case verdict.Cancelled(err, ctx.Err(), context.Cause(ctx)):
			return v, interrupted(err, outer)
		}
		return v, &said{err, outer} // it tells of the limit, which does not count
	case cause == error(limit):
		return v, limit.with(err)
	}
	return v, err
}

// ToThread runs fn as a task in a goroutine that has an operating system thread
// of its own, and waits for it as [Task.Await] does. It is Go with [OwnThread].
// The thread ends with the task.
//
// It mirrors asyncio.to_thread, whose name it has, and not what that is mostly
// used for: to keep a call that blocks from holding up an event loop. A
// goroutine may block, and holds up nobody. ToThread is for functions that depend
// on the state of a thread, or change it, as many C libraries do. It takes the
// thread from no pool, so it costs a new thread each time, and it limits nothing.
func ToThread[T any](ctx context.Context, fn Func[T], opts ...Option) (T, error) {
	return Go(ctx, fn, append(slices.Clip(opts), OwnThread())...).Await(ctx)
}
