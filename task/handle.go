package task

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// Handle is a [*Task] with any result type. Only this package implements it.
type Handle interface {
	// ID returns the task's number: 1 for the first task of the program, and
	// larger for those started later.
	ID() uint64
	// Name returns the name given with the [Name] option, or else one made of
	// the name of the function and the ID.
	Name() string
	// State returns how far the task has come.
	State() State
	// Done returns a channel that is closed when the task has ended.
	Done() <-chan struct{}
	// Err returns the task's error, or an [*Error] that wraps [ErrNotDone].
	Err() error
	// Cancel asks the task to end; see [Task.Cancel].
	Cancel(cause error) bool
	// Context returns the task's variables; see [Task.Context].
	Context() *ctxvar.Context
	// Parent returns the task that this one was started in; see [Task.Parent].
	Parent() Handle

	untyped() *node
}

var _ Handle = (*Task[any])(nil)

// ID returns t's number. The first task of the program has 1, and later tasks
// have larger numbers. No two tasks have the same.
func (t *Task[T]) ID() uint64 { return t.id }

// Name returns the name given with the [Name] option, or else one made of the
// name of t's function and t's ID, such as main.fetch-7.
func (t *Task[T]) Name() string { return t.name() }

// State returns the current state of t.
func (t *Task[T]) State() State { return t.current() }

// Done returns a channel that is closed when t has ended.
func (t *Task[T]) Done() <-chan struct{} { return t.ended() }

// Cancel asks t to end: it cancels the ctx of t, with cause as [context.Cause],
// and that of every task started with that ctx. If cause is nil, it is
// [context.Canceled]. Cancel does not wait. If t was cancelled before, the
// first cause remains.
//
// Cancel reports whether t was still live. If t has ended, Cancel does nothing,
// and tasks started by t that still run are not cancelled. It mirrors
// Task.cancel().
func (t *Task[T]) Cancel(cause error) bool { return t.cancel(cause) }

// Parent returns the task whose ctx t was started with or, if that task has
// ended, the nearest live task around it. It returns nil if there is none.
// After t has ended, Parent returns the parent that t had at its end, as long
// as that is live.
func (t *Task[T]) Parent() Handle {
	return t.above().task().handle()
}

func (t *Task[T]) untyped() *node { return &t.node }

// origin returns the task that the running goroutine belongs to, or nil.
func origin() *node {
	if self := gls.Origin(); self != nil {
		return (*self).(Handle).untyped()
	}
	return nil
}

// here returns the task whose own goroutine is the running one, or nil.
func here() *node {
	if n := origin(); n != nil && n.isHere() {
		return n
	}
	return nil
}

// isHere reports whether the running goroutine is that of n, a task.
func (n *node) isHere() bool { return (*gls.Env)(n.self.(owner).ownVars()).BegunHere() }

type owner interface{ ownVars() *ctxvar.Context }

// FromContext returns the task that ctx comes from, or nil if it comes from
// none. A task that [Go] starts with this ctx has that task's scope and
// cancellation. The result depends only on ctx, not on the calling goroutine: a
// goroutine that serves others gets the task whose ctx it was given. [Current]
// depends on the goroutine and needs no ctx; in a task's own function both
// return that task. The FromContext of package ctxvar returns the variables
// that a ctx carries, not a task. FromContext mirrors asyncio.current_task.
func FromContext(ctx context.Context) Handle {
	return nodeOf(ctx).task().handle()
}

// Current returns the task that the running goroutine belongs to: the task
// whose function it runs, or the one from which it was started. It returns nil
// if there is none or that task has ended. Current needs no ctx: a goroutine
// inherits its task together with its variables, through any number of go
// statements, and passing it a ctx changes nothing. [FromContext] depends on
// the ctx instead. The two differ in a goroutine that works for others, such as
// a worker of a pool: it inherited the task in which the pool was made, and is
// given the ctx of the task for which it works. Current mirrors
// asyncio.current_task.
func Current() Handle {
	if self := gls.Origin(); self != nil {
		return (*self).(Handle)
	}
	return nil
}
