package task

import "context"

// Run runs main as a task and returns what it returned, once it and all that
// was started in it have ended. It mirrors asyncio.run, and may be called
// anywhere, also in a task.
//
// When main has ended, the tasks that still run are cancelled, those that are
// [Shielded] too, and waited for; their ctx has [ErrRunEnded] as the cause.
// Errors that nobody looked at are then reported, see [Unobserved].
//
// If ctx is cancelled, so is main, and everything with it; Run goes on waiting
// until all has ended. main runs in a goroutine and with a copy of the
// variables of its own: a panic or a [runtime.Goexit] in it becomes Run's
// error, as it does for [Task.Await].
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
	if waiter := here(); waiter != nil {
		_ = waiter.awaitHere(context.Background(), &t.node, forGood)
	}
	<-s.left                 // its callbacks have been called
	value, err := t.result() // the caller sees it, so that flush is not to report it
	t.env.reports.flush()
	return value, err
}
