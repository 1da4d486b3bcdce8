package task

import "context"

// Run runs main as a task, waits until main and every task started in it have
// ended, and returns main's results. It mirrors asyncio.run, and may be called
// anywhere, even in a task.
//
// When main has ended, Run cancels the tasks that still run, including those
// that are [Shielded], with [ErrRunEnded] as the cause, and waits for them. It
// then reports errors that nobody looked at; see [Unobserved].
//
// If ctx is cancelled, so are main and everything started in it; Run still
// waits until all have ended. main runs in a goroutine of its own, with a copy
// of the caller's variables. A panic or a [runtime.Goexit] in it becomes Run's
// error, as in [Task.Await].
//
// Run panics with [ErrNilFunc] if main is nil.
func Run[T any](ctx context.Context, main Func[T], opts ...Option) (T, error) {
	t := newTask(main)
	o := collect(opts)
	s := &scope{left: make(chan struct{})}
	t.more = &extras{scope: s}
	if err := t.open(ctx, o); err != nil {
		t.refuse(err)
		return t.result()
	}
	t.start(o)
	if waiter := waiting(); waiter != nil {
		defer waiter.waited()
		_ = waiter.awaitHere(context.Background(), &t.node, forGood)
	}
	<-s.left                 // its callbacks have been called
	value, err := t.result() // the caller sees it, so that flush is not to report it
	t.env.reports.flush()
	return value, err
}
