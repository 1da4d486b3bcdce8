package task

import (
	"context"
	"slices"
	"sync"
)

// Start is [Go] for a function whose only result is an error.
func Start(ctx context.Context, fn func(ctx context.Context) error, opts ...Option) *Task[struct{}] {
	if fn == nil {
		panic(ErrNilFunc)
	}
	t := newTask(Func[struct{}](func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx) }))
	t.called(fn)
	return launch(ctx, t, collect(opts))
}

// Serve starts a task that has to become ready before it does its work, such as
// a server that has to listen first. When ready, fn calls ready with a value
// for the caller, such as an address. Serve waits for that call and returns the
// value and the task. It mirrors trio's nursery.start.
//
//	addr, server, err := task.Serve(ctx, func(ctx context.Context, ready func(net.Addr)) error {
//		l, err := net.Listen("tcp", "localhost:0")
//		if err != nil {
//			return err // which Serve returns
//		}
//		ready(l.Addr())
//		return serve(ctx, l)
//	})
//
// Until the task is ready, only Serve deals with it. If it fails before that,
// Serve returns its error, and the failure does not count as one of the
// [Group]. If it ends before that without an error, Serve returns
// [ErrNotReady]. If ctx ends before that, Serve cancels the task, waits for it,
// and returns an [*Error] that wraps ctx's error and cause. In these cases the
// task that Serve returns has ended.
//
// Once ready, the task is like one started with [Go]. Any goroutine may call
// ready; calls after the first do nothing. Because another goroutine could call
// it, a task that waits for Serve's caller before it is ready is not reported
// as an [ErrDeadlock].
func Serve[R any](ctx context.Context, fn func(ctx context.Context, ready func(R)) error, opts ...Option) (R, *Task[struct{}], error) {
	if fn == nil {
		panic(ErrNilFunc)
	}
	var (
		value R
		t     *Task[struct{}]
		once  sync.Once
		ready = make(chan struct{})
	)
	t = newTask(Func[struct{}](func(ctx context.Context) (struct{}, error) {
		return struct{}{}, fn(ctx, func(r R) {
			once.Do(func() {
				value = r
				t.noHold()
				close(ready)
			})
		})
	}))
	t.called(fn)
	launch(ctx, t, collect(append(slices.Clip(opts), optionFunc(func(o *options) { o.held = true }))))
	if t.awaitReady(ctx, ready) {
		return value, t, nil
	}
	var none R
	if !t.is(isFinal) { // ctx has ended
		t.cancel(context.Cause(ctx))
		err := t.await(context.WithoutCancel(ctx))
		select {
		case <-ready: // just before it ended
			return value, t, nil
		default:
		}
		if err == nil && t.current() != Canceled {
			if _, err := t.result(); err != nil {
				return none, t, err
			}
		}
		return none, t, &Error{Op: "await", Task: t.name(), Err: interruptedBy(ctx)}
	}
	select {
	case <-ready:
		return value, t, nil
	default:
	}
	if _, err := t.result(); err != nil {
		return none, t, err
	}
	return none, t, &Error{Op: "await", Task: t.name(), Err: ErrNotReady}
}

// awaitReady waits until n says that it is ready, and reports whether it did
// before it ended or ctx was done.
func (n *node) awaitReady(ctx context.Context, ready <-chan struct{}) bool {
	waiter := here()
	waiter.waitsFor(n)
	defer waiter.waitsFor(nil)
	if waiter != nil {
		until := waiter.until(ctx) // while it has its place: ctx may be the user's
		if waiter.lends(n) {
			waiter.lend()
			defer waiter.takeBack(&until)
		}
	}
	select {
	case <-ready:
		return true
	case <-n.ended():
	case <-ctx.Done():
	}
	select {
	case <-ready: // before or just when the other came: it must not be cancelled
		return true
	default:
		return false
	}
}

// noHold makes a failure of n from now on count as one of its Group.
func (n *node) noHold() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status.Store(n.status.Load() &^ isHeld)
}

// Promise returns a task that has no function, and a function complete that
// ends it. It is for results that come from outside, such as from a callback of
// a library or as the reply to a message. Otherwise the task is like any other:
// any number of goroutines can await it, together with other tasks and with a
// time limit; the tree shows it; its Group or Run does not end before it is
// completed or cancelled; and its error is reported if nobody looks at it.
// Promise mirrors asyncio's Future.
//
// Anybody who has complete may call it, so a wait for the task is never known to
// be a deadlock. With the option [CompletedBy], it can be.
//
// complete ends the task with its arguments as the result, and reports whether
// it did: only the first call does, and none after the task was cancelled.
// complete never blocks, and may be called by any goroutine.
//
// The task has a goroutine, as every task does, but takes no place in a Group
// with a [Limit].
func Promise[T any](ctx context.Context, opts ...Option) (t *Task[T], complete func(T, error) bool) {
	type outcome struct {
		value T
		err   error
	}
	var (
		mu   sync.Mutex
		over bool
		came outcome
		done = make(chan struct{})
		by   *Members
		what = &promised
		o    = collect(opts)
	)
	complete = func(value T, err error) bool {
		mu.Lock()
		defer mu.Unlock()
		if over || t.is(isFinal) || t.ctxEnded() { // it may never have run
			return false
		}
		over, came = true, outcome{value, err}
		close(done)
		return true
	}
	if o != nil && o.completers != nil {
		by, what = o.completers, &owed
	}
	t = newTask(Func[T](func(ctx context.Context) (T, error) {
		stuck := by.until(ctx, done, what, forAny|forGood)
		err := ctx.Err()
		if stuck != nil {
			err = &Error{Op: "complete", Task: t.name(), Err: stuck}
		}
		mu.Lock()
		defer mu.Unlock()
		if !over {
			over, came.err = true, err
		}
		o := came
		came = outcome{} // so that complete does not keep it
		return o.value, o.err
	}))
	t.pc = 0
	t.raise(isIdle) // otherwise the code that completes it might wait for its place
	return launch(ctx, t, o), complete
}
