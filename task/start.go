package task

import (
	"context"
	"slices"
	"sync"
)

// Start is [Go] for a function that has no result but an error.
func Start(ctx context.Context, fn func(ctx context.Context) error, opts ...Option) *Task[struct{}] {
	if fn == nil {
		panic(ErrNilFunc)
	}
	t := newTask(Func[struct{}](func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx) }))
	t.called(fn)
	return launch(ctx, t, collect(opts))
}

// Serve starts a task that gets ready first and works then, and returns when it is
// ready: a server that listens, say. fn calls ready with what there is to tell, an
// address perhaps, and Serve returns that, and the task. It mirrors trio's
// nursery.start.
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
// Until it is ready the task is Serve's affair. If it fails before, Serve returns
// its error, which is no failure of the [Group]; if it ends without an error,
// Serve returns [ErrNotReady]. If ctx ends before, Serve cancels the task, waits
// for it, and returns an [*Error] that has ctx's error and cause. The task that
// Serve returns has ended then.
//
// Once it is ready it is a task as [Go] starts it. ready may be called by any
// goroutine; all calls but the first do nothing. So a task that waits for Serve's
// caller before it is ready may yet be told to be, and is no [ErrDeadlock].
func Serve[R any](ctx context.Context, fn func(ctx context.Context, ready func(R)) error, opts ...Option) (R, *Task[struct{}], error) {
	if fn == nil {
		panic(ErrNilFunc)
	}
	var (
		said R
		t    *Task[struct{}]
		once sync.Once
		told = make(chan struct{})
	)
	t = newTask(Func[struct{}](func(ctx context.Context) (struct{}, error) {
		return struct{}{}, fn(ctx, func(r R) {
			once.Do(func() {
				said = r
				t.noHold()
				close(told)
			})
		})
	}))
	t.called(fn)
	launch(ctx, t, collect(append(slices.Clip(opts), optionFunc(func(o *options) { o.held = true }))))
	if t.awaitReady(ctx, told) {
		return said, t, nil
	}
	var none R
	if !t.is(isFinal) { // ctx has ended
		t.cancel(context.Cause(ctx))
		err := t.await(context.WithoutCancel(ctx))
		select {
		case <-told: // in the last moment
			return said, t, nil
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
	case <-told:
		return said, t, nil
	default:
	}
	if _, err := t.result(); err != nil {
		return none, t, err
	}
	return none, t, &Error{Op: "await", Task: t.name(), Err: ErrNotReady}
}

// awaitReady waits until n says that it is ready, and reports whether it did
// before it ended or ctx was done.
func (n *node) awaitReady(ctx context.Context, told <-chan struct{}) bool {
	waiter := here()
	waiter.waitsFor(n)
	defer waiter.waitsFor(nil)
	if waiter != nil && waiter.lend(n) {
		defer waiter.takeBack(ctx)
	}
	select {
	case <-told:
		return true
	case <-n.ended():
	case <-ctx.Done():
	}
	return false
}

// noHold makes the failure of n, from now on, one that its Group is told of.
func (n *node) noHold() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status.Store(n.status.Load() &^ isHeld)
}

// Promise returns a task that somebody else's call completes, in place of a
// function of its own, and that function. It is for results that come from
// outside, by a callback of a library, say, or the answer to a message. All that
// can be done with a task can be done with it: it can be awaited, by any number
// of goroutines, along with others, and with a limit of time; it shows in the
// tree; its Group or Run does not end before it is completed or cancelled, and an
// error that nobody looks at is reported. It mirrors asyncio's Future.
//
// complete ends the task with what it is given, and reports whether it did: only
// the first call does, and none once the task was cancelled. It never blocks, and
// may be called by any goroutine.
//
// It takes a goroutine, as every task does, but no place in a Group with a [Limit].
func Promise[T any](ctx context.Context, opts ...Option) (t *Task[T], complete func(T, error) bool) {
	type outcome struct {
		value T
		err   error
	}
	var (
		mu   sync.Mutex
		over bool
		came = make(chan outcome, 1)
	)
	complete = func(value T, err error) bool {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return false
		}
		over = true
		came <- outcome{value, err}
		return true
	}
	t = newTask(Func[T](func(ctx context.Context) (T, error) {
		waiter := here()
		waiter.waitsFor(&promised)
		defer waiter.waitsFor(nil)
		select {
		case o := <-came:
			return o.value, o.err
		case <-ctx.Done():
		}
		mu.Lock()
		defer mu.Unlock()
		if over { // in the last moment
			o := <-came
			return o.value, o.err
		}
		over = true
		return outcome{}.value, ctx.Err()
	}))
	t.pc = 0
	t.raise(isIdle) // or who completes it might wait for its place
	return launch(ctx, t, collect(opts)), complete
}
