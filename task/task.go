package task

import (
	"context"
	"errors"
	"reflect"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// A Task is a function that runs in a goroutine of its own, with variables of
// its own. [Go] and the other functions of this package make Tasks. It mirrors
// asyncio.Task.
//
// All methods are safe for concurrent use. A Task is only a handle: dropping it
// neither ends nor leaks the task.
type Task[T any] struct {
	node
	fn     Func[T]
	ending ending[T]
	own    ctxvar.Context
}

// Go starts fn as a task and returns its handle at once. It mirrors
// asyncio.create_task.
//
// The task begins with a copy of the caller's current variables, and what it
// sets stays in the task. Its ctx descends from the given ctx: it is cancelled
// when that is, or by [Task.Cancel], and ends with the task. The function runs
// even if ctx is already cancelled.
//
// The task belongs to the [Group] or the [Run] that ctx comes from, which does
// not end before the task has. If that Group or Run has ended, or is being
// cancelled, fn is not run: the task either has failed, with an [*Error], or
// counts as cancelled, with the cause of the scope. If ctx comes from a task,
// the new task is its child: it is cancelled with its parent, but may outlive
// the parent's normal end. If ctx comes from none of these, nothing waits for
// the task unless Await is called.
//
// Go panics with [ErrNilFunc] if fn is nil. Like every function of this package
// that takes a ctx, it panics with [ErrNilContext] if ctx is nil.
func Go[T any](ctx context.Context, fn Func[T], opts ...Option) *Task[T] {
	return launch(ctx, newTask(fn), collect(opts))
}

// launch opens and starts t, or refuses it, and returns t.
func launch[T any](ctx context.Context, t *Task[T], o *options) *Task[T] {
	if err := t.open(ctx, o); err != nil {
		t.refuse(err)
		return t
	}
	t.start(o)
	return t
}

// called makes fn the function after which n is named.
func (n *node) called(fn any) { n.pc = reflect.ValueOf(fn).Pointer() }

// newTask returns a task, not yet in the tree, with a copy of the caller's
// variables. It has them before others can find it in the tree.
func newTask[T any](fn Func[T]) *Task[T] {
	if fn == nil {
		panic(ErrNilFunc)
	}
	t := &Task[T]{fn: fn}
	t.self = t
	t.called(fn)
	(*gls.Env)(&t.own).Bear(&t.self)
	return t
}

// start starts the goroutine of t, which is in the tree, when there is a place
// for it.
func (t *Task[T]) start(o *options) {
	if t.more != nil {
		t.fn = t.arrange(t.fn, o)
	}
	if t.places() != nil {
		t.queue()
		return
	}
	t.spawn()
}

// spawn starts the goroutine of n, a task.
func (n *node) spawn() {
	slot := (*gls.Env)(n.self.(owner).ownVars()).Offer()
	go live()
	slot.Return()
}

// live is what the goroutine of every task runs. Which task it is for, it finds in
// its slot.
func live() { (*gls.Origin()).(interface{ run() }).run() }

// run is the function of the task's goroutine.
func (t *Task[T]) run() {
	vars := (*gls.Env)(&t.own)
	vars.Begin()
	ctx := t.hand()
	defer t.end(vars, ctx)
	fn := t.fn
	t.fn = nil
	if State(t.status.Load()&stateMask) == Queued && !t.dequeue() {
		t.ending.err = t.refused(ErrCanceling, t.home.node.Load())
		return
	}
	t.ending.run(ctx, fn)
}

// end ends the task, whose ctx is given, however its function ended: see end.go for the
// steps. Each may run code of the user's that calls Goexit, and the next one is taken even
// then.
func (t *Task[T]) end(vars *gls.Env, ctx *nodeCtx) {
	vars.End()
	if t.ending.err == nil && t.scope() == nil && observers.list.Load() == nil {
		t.settleAndLeave(Succeeded, ctx) // as most tasks do; each deferred call takes time
		return
	}
	state := Succeeded
	defer func() { t.settleAndLeave(state, ctx) }()
	if observers.list.Load() != nil {
		defer func() { observers.notify(&t.node, state, t.ending.err) }()
	}
	if t.ending.err == nil && t.scope() == nil {
		return
	}
	defer func() {
		if state == Running {
			_, err := howEnded(t.ending.err)
			state, t.ending.err = Goexited, t.exitedBy(err)
		}
		t.notify(state, t.ending.err)
	}()
	if t.scope() != nil {
		defer t.closeRun()
	}
	if t.ending.err != nil {
		how, err := howEnded(t.ending.err)
		state = Running // which remains if a method of err calls Goexit
		state, t.ending.err = t.judge(how, err)
	}
}

// refuse ends a task that is not in the tree and whose function is not run.
func (t *Task[T]) refuse(err error) {
	t.fn = nil
	if t.more != nil && t.more.trace != nil {
		t.more.trace.End()
	}
	(*gls.Env)(&t.own).End()
	state := Failed
	if errors.Is(err, ErrCanceling) {
		// It counts as cancelled, with what the scope is cancelled with.
		r := err.(*Error).Err.(*refusal)
		state, err = Canceled, &CanceledError{Task: t.name(), Cause: r.cause, Err: err, ctxErr: r.err}
	}
	t.ending.err = err
	if state == Failed && t.scope() == nil {
		t.due(t.env.expect(&t.node, state, err))
	}
	t.raise(isGone)
	defer t.settle(state)
	if f := t.env.failures; f != nil && state == Failed {
		t.callback(func() { f(t.info().as(state), err) })
	}
}

// Await waits until t has ended and returns the results of its function. Any
// number of goroutines may call Await, and every call returns the same. It
// mirrors await task.
//
// The error is the one that t's function returned, a [*PanicError] if the
// function panicked, [ErrGoexit] (in an [*Error]) if it called runtime.Goexit,
// a [*CanceledError] if it returned because it was cancelled, or a
// [*TimeoutError] if it returned because of its own [Timeout].
//
// If ctx ends first, Await returns an [*Error] that wraps ctx's error and
// cause. This does not cancel t, although t also ends if it was started with
// ctx or with a descendant of it. If t has ended, Await returns its results,
// whatever the state of ctx.
//
// If the caller is a task that would wait for ever, because t waits for it
// directly or through other tasks, Await returns [ErrDeadlock], in an [*Error]
// that names the tasks. If ctx has an earlier deadline than the calling task's
// own ctx, or is that of a Group in the task with a limit of [SetTimeout], the
// wait is not considered endless.
func (t *Task[T]) Await(ctx context.Context) (T, error) {
	checkCtx(ctx)
	if !t.is(isFinal) {
		if err := t.await(ctx); err != nil {
			var zero T
			return zero, err
		}
	}
	return t.result()
}

// result returns how t, which is final, ended.
func (t *Task[T]) result() (T, error) {
	if t.id == 0 {
		return t.ending.value, &Error{Op: "await", Err: ErrNotStarted}
	}
	t.observe()
	return t.ending.value, t.ending.err
}

// Result returns what Await does if t has ended, and otherwise an [*Error] that
// wraps [ErrNotDone]. It does not wait. It mirrors Task.result().
func (t *Task[T]) Result() (T, error) {
	if !t.is(isFinal) && t.id != 0 {
		var zero T
		return zero, &Error{Op: "result", Task: t.name(), Err: ErrNotDone}
	}
	return t.result()
}

// Err returns the error that Result returns.
func (t *Task[T]) Err() error {
	_, err := t.Result()
	return err
}

// Context returns the variables of t: the current ones while t runs, and after
// that those it had at its end. It mirrors Task.get_context().
//
// While t runs, the Context is being run and cannot be run again; to call a
// function with the same variables, run a copy.
func (t *Task[T]) Context() *ctxvar.Context {
	if t.id == 0 { // it was never started
		return &t.own
	}
	return t.variables()
}

func (t *Task[T]) ownVars() *ctxvar.Context { return &t.own }

// OnDone arranges for f(t) to be called once, after t has ended, in a copy of
// the variables that t had at its end. t's goroutine calls the functions in the
// order of the OnDone calls; if t has already ended, OnDone itself calls f
// before it returns. The end of t's [Group] or [Run] waits for these calls. A
// panic of f is reported in the same way as an error that nobody looked at; see
// [Unobserved].
//
// stop cancels the call, and reports whether it did; false means that f was
// called or is about to be. OnDone mirrors Task.add_done_callback and
// remove_done_callback.
//
// OnDone panics with [ErrNilFunc] if f is nil.
func (t *Task[T]) OnDone(f func(t *Task[T])) (stop func() bool) {
	if f == nil {
		panic(ErrNilFunc)
	}
	call := func() { t.Context().Copy().Run(func() { f(t) }) }
	h := &hook{call: call}
	if !t.hang(h) {
		t.callback(call)
		return func() bool { return false }
	}
	return func() bool { return t.unhang(h) }
}
