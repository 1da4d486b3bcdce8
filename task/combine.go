package task

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/heirloom-go/heirloom/internal/latectx"
	"github.com/heirloom-go/heirloom/internal/verdict"
)

// When says what [Wait] waits for.
type When int

// The conditions that Wait can wait for. They mirror the constants of the same
// names that asyncio.wait takes as return_when.
const (
	FirstCompleted When = iota // until a task has ended
	FirstError                 // until a task has failed, or all have ended; cancellation is not failure
	AllCompleted               // until all tasks have ended
)

// Wait waits until when is satisfied. It returns the tasks that have ended and
// those that have not, each in the order in which they were given. It does not
// cancel the tasks, and does not count as looking at their errors. A task that
// is given several times counts as one. Without tasks, Wait returns at once. It
// mirrors asyncio.wait.
//
// If ctx ends first, Wait returns the tasks as they are then, and an [*Error]
// that wraps ctx's error and cause. A ctx with a deadline replaces the timeout
// of asyncio.wait. The [*Error] wraps [ErrDeadlock] if the wait would never end
// (see [Task.Await]): in a wait for all tasks, because one of them waits for
// the caller, or in a wait for the first, because all that have not ended do.
//
// For tasks with different result types, use [Handle] as H.
func Wait[H Handle](ctx context.Context, when When, tasks ...H) (done, pending []H, err error) {
	checkCtx(ctx)
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

// AsCompleted iterates over the tasks in the order in which they end, together
// with the error of each, which then counts as looked at. A task that is given
// several times counts as one. Leaving the loop early does not affect the other
// tasks. It mirrors asyncio.as_completed.
//
//	for t, err := range task.AsCompleted(ctx, tasks...) {
//
// If ctx ends, AsCompleted yields the tasks that have not ended, in the order
// in which they were given, each with an [*Error] that wraps ctx's error and
// cause. So each task is yielded exactly once. If all remaining tasks wait for
// the caller to end, the error wraps [ErrDeadlock].
func AsCompleted[H Handle](ctx context.Context, tasks ...H) iter.Seq2[H, error] {
	checkCtx(ctx)
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

// Shield runs fn as a task that the cancellation of ctx does not reach, and
// waits for it. If ctx ends first, Shield returns an [*Error] that wraps ctx's
// error and cause, and the task goes on; the [Group] or [Run] to which it
// belongs waits for it. If the task fails after that, its error is reported as
// one that nobody looked at; see [Unobserved].
//
// It mirrors asyncio.shield. To get a handle of the task, use [Go] with the
// option [Shielded]; [Task.Await] never cancels the task.
func Shield[T any](ctx context.Context, fn Func[T], opts ...Option) (T, error) {
	return Go(ctx, fn, append(slices.Clip(opts), Shielded())...).Await(ctx)
}

// WaitFor waits until t has ended, but at most for d; after that it cancels t
// and waits for its end. It returns a [*TimeoutError] if t ended because of
// that cancellation, and otherwise the result of t.
//
// If ctx ends, WaitFor returns an [*Error] that wraps ctx's error and cause. If
// that happens before d has passed, WaitFor first cancels t with ctx's cause
// and waits for it. If t ignores its ctx, WaitFor keeps waiting. It mirrors
// asyncio.wait_for.
func WaitFor[T any](ctx context.Context, t *Task[T], d time.Duration) (T, error) {
	checkCtx(ctx)
	var zero T
	ctx = latectx.Base(ctx, call) // a goroutine of limited asks it why it ends
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

// Within calls fn with a ctx that is cancelled after d, and returns fn's
// results. If fn ended because of the limit, the error is a [*TimeoutError]
// instead. fn runs in the caller's goroutine and with the caller's variables.
// It mirrors the asyncio.timeout block.
//
// Within distinguishes its own limit from a cancellation that comes from
// further out, which it passes on; if both happened, the outer one counts.
// Tasks started with fn's ctx are cancelled when Within returns. Within does
// not recover a panic of fn.
func Within[T any](ctx context.Context, d time.Duration, fn Func[T]) (T, error) {
	if fn == nil {
		panic(ErrNilFunc)
	}
	limit := &TimeoutError{After: d}
	if t := FromContext(ctx); t != nil {
		limit.Task = t.Name()
	}
	ctx = latectx.Base(ctx, call) // a goroutine of limited asks it why it ends
	limited, stop := context.WithTimeoutCause(ctx, d, limit)
	defer stop()
	v, err := fn(limited)
	if err == nil {
		return v, nil
	}
	call(func() { // the methods of err are its author's
		err = within(ctx, limited, limit, err)
	}, func(fault error) {
		if fault != nil {
			err = verdict.Beside(err, fault)
		}
	})
	return v, err
}

// within returns the error of Within, whose function has returned err. The function had
// the ctx limited, which is ctx with the limit.
func within(ctx, limited context.Context, limit *TimeoutError, err error) error {
	limitedErr, cause := limited.Err(), context.Cause(limited)
	switch {
	case !verdict.Cancelled(err, limitedErr, cause):
		return err
	case ctx.Err() != nil:
		outer := interruptedBy(ctx)
		switch {
		case err == context.Canceled || err == context.DeadlineExceeded || verdict.Same(err, outer):
			return outer
		case verdict.Cancelled(err, ctx.Err(), context.Cause(ctx)):
			return interrupted(err, outer)
		}
		return &prefixed{err, outer} // err is about the limit, which does not count
	case cause == error(limit):
		return limit.with(err)
	}
	return err
}

// ToThread runs fn as a task in a goroutine that has an operating system thread
// to itself, and waits for it as [Task.Await] does. It is [Go] with the option
// [OwnThread]. The thread ends with the task.
//
// It mirrors asyncio.to_thread, but does not serve that function's main
// purpose, which is to keep a blocking call from blocking an event loop: in Go,
// a goroutine that blocks holds up no other. ToThread is for functions that
// depend on the state of a thread or change it, as many C libraries do. It does
// not take the thread from a pool, so each call costs a new thread, and their
// number is not limited.
func ToThread[T any](ctx context.Context, fn Func[T], opts ...Option) (T, error) {
	return Go(ctx, fn, append(slices.Clip(opts), OwnThread())...).Await(ctx)
}
