package task

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// Handle is a [*Task] of any type: what can be done with a task without
// knowing what it returns. Only this package implements it.
type Handle interface {
	// ID returns the task's number: 1 for the first task of the program, and
	// larger for those started later.
	ID() uint64
	// Name returns the name given with the [Name] option, or the function's and
	// the ID.
	Name() string
	// State returns how far the task has come.
	State() State
	// Done returns a channel that is closed when the task has ended.
	Done() <-chan struct{}
	// Err returns the task's error, or [ErrNotDone], in an [*Error].
	Err() error
	// Cancel asks the task to end, see [Task.Cancel].
	Cancel(cause error) bool
	// Context returns the task's variables, see [Task.Context].
	Context() *ctxvar.Context
	// Parent returns the task that started this one, see [Task.Parent].
	Parent() Handle

	untyped() *node
}

var _ Handle = (*Task[any])(nil)

// ID returns t's number: 1 for the first task of the program, and larger for
// those started later. No two tasks share one.
func (t *Task[T]) ID() uint64 { return t.id }

// Name returns the name given with the [Name] option, or else that of t's
// function and t's ID, as in main.fetch-7.
func (t *Task[T]) Name() string { return t.name() }

// State returns how far t has come.
func (t *Task[T]) State() State { return t.current() }

// Done returns a channel that is closed when t has ended.
func (t *Task[T]) Done() <-chan struct{} { return t.ended() }

// Cancel asks t to end: it cancels t's ctx, with cause as [context.Cause], and
// that of every task started from it. A cause of nil is [context.Canceled]. It
// does not wait. If t was cancelled before, the first cause stands.
//
// Cancel reports whether t had not ended yet. If it had, nothing happens, and
// tasks it started that still run are not touched. It mirrors Task.cancel().
func (t *Task[T]) Cancel(cause error) bool { return t.cancel(cause) }

// Parent returns the task whose ctx t was started with, or the next one out
// that is still live. It is nil if there is none. Once t has ended, it is the one
// that t was in then, as long as that is live.
func (t *Task[T]) Parent() Handle {
	return t.above().task().handle()
}

func (t *Task[T]) untyped() *node { return &t.node }

// here returns the task whose own goroutine is the running one, or nil.
func here() *node {
	if self := gls.Origin(); self != nil {
		if n := (*self).(Handle).untyped(); n.isHere() {
			return n
		}
	}
	return nil
}

// isHere reports whether the running goroutine is that of n, a task.
func (n *node) isHere() bool { return (*gls.Env)(n.self.(owner).ownVars()).BegunHere() }

type owner interface{ ownVars() *ctxvar.Context }

// FromContext returns the task that ctx comes from, or nil if it comes from
// none: the task whose scope and cancellation a [Go] with this ctx would be under.
// It goes by what ctx says, whichever goroutine asks: a goroutine that serves
// others finds the task whose ctx it was handed. [Current] goes by the goroutine
// and needs no ctx; in a task's own function both return that task. The
// FromContext of package ctxvar returns no task but the variables that a ctx
// carries. It mirrors asyncio.current_task.
func FromContext(ctx context.Context) Handle {
	return nodeOf(ctx).task().handle()
}

// Current returns the task that the running goroutine is, or was started by,
// and nil if there is none or it has ended. It needs no ctx: a goroutine
// inherits its task with its variables, however many go statements are in
// between, and keeps it whatever ctx it is handed. [FromContext] goes by the
// ctx. They differ in a goroutine that works for others, such as a pool's: it
// inherited the task in which the pool was made, and is handed the ctx of the
// task it works for. It mirrors asyncio.current_task.
func Current() Handle {
	if self := gls.Origin(); self != nil {
		return (*self).(Handle)
	}
	return nil
}
