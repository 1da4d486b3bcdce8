package task

import (
	"context"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// An Option configures a task or a [Group]. The same options apply to [Go] and
// [Run] with any result type. A function that is given a nil Option panics with
// a [*ctxvar.UsageError].
type Option interface{ apply(*options) }

type options struct {
	name      string
	vars      *ctxvar.Context
	timeout   time.Duration
	hasLimit  bool
	shielded  bool
	ownThread bool
	labelled  bool
	tolerant  bool // FailFast(false)
	held      bool // see Serve
	sites     bool
	hasGrace  bool
	grace     time.Duration
	limit     int
	reporter  func(Info, error)
	failures  func(Info, error)

	members    *member  // see MemberOf
	completers *Members // see CompletedBy
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// collect returns what opts say, or nil if there are none.
func collect(opts []Option) *options {
	if len(opts) == 0 {
		return nil
	}
	o := new(options)
	for _, opt := range opts {
		if opt == nil {
			panic(&ctxvar.UsageError{Func: "task.Option", Problem: "nil Option; leave it out"})
		}
		opt.apply(o)
	}
	return o
}

// Name sets the name of a task or a [Group]. The default is the name of the
// task's function, or Group, followed by the ID, as in main.fetch-7. A default
// name is composed only when it is needed.
func Name(name string) Option { return optionFunc(func(o *options) { o.name = name }) }

// StartSites records where tasks are started, for each task of the [Run], the
// [Group] or the task with this option and everything started in it; see the
// field Site of [Info]. It makes starting a task about a third more expensive.
func StartSites() Option { return optionFunc(func(o *options) { o.sites = true }) }

// Limit makes a [Group] run at most n of its tasks at once. [Go] never blocks:
// a task for which there is no place is queued, in the state [Queued]. Queued
// tasks are started in order as places become free. A task that is cancelled
// while queued is not run.
//
// A task that waits for tasks of the Group, or for those of a Group within it,
// lends its place to others until the wait is over. So tasks may start other
// tasks and wait for them, at any depth, without blocking each other: a crawler
// with a limit needs nothing else. Tasks of a Group within this one do not
// count towards the limit. A wait in a call of package gather, by a job or by a
// function given to its Weight or Rate, does not lend the place.
//
// A task gets its place back in its turn, before tasks that are queued. It does
// not wait for that if it is cancelled, or if the ctx of the wait has ended: it goes
// on at once then, even if that makes it one more than n.
//
// A task keeps its place while it waits for anything else. If all tasks with a
// place wait for something that only a queued task would end, directly or
// through other tasks, one of the waits fails with [ErrDeadlock].
//
// A limit of zero or less means no limit. The option has no effect on a task.
func Limit(n int) Option { return optionFunc(func(o *options) { o.limit = n }) }

// InContext makes a task run in c itself rather than in a copy of the caller's
// variables, as the context argument of asyncio.create_task does: what the task
// sets is seen in c afterwards. Only one task at a time may run in a Context; a
// task started in one that is in use fails with a [*ctxvar.EnterError].
//
// InContext has no effect on a [Group], because its body runs with the caller's
// variables.
func InContext(c *ctxvar.Context) Option { return optionFunc(func(o *options) { o.vars = c }) }

// Timeout sets a time limit for a task or a [Group]: after d, its ctx is
// cancelled with a [*TimeoutError] as the cause. If it ends because of that,
// the TimeoutError is its error. Tasks that it started share the limit.
//
// A function that ignores its ctx goes on; nothing can stop it.
func Timeout(d time.Duration) Option {
	return optionFunc(func(o *options) { o.timeout, o.hasLimit = d, true })
}

// Shielded protects a task from the cancellation of the ctx it is started with,
// and so from that of the task that starts it. The task's own Cancel still
// reaches it, and so does the end of the [Run] to which it belongs. See
// [Shield].
func Shielded() Option { return optionFunc(func(o *options) { o.shielded = true }) }

// OwnThread locks the goroutine of a task to an operating system thread that
// runs nothing else and ends with the task. So a change that the function makes
// to the state of the thread ends with it too. Goroutines and tasks that it
// starts run elsewhere. The option has no effect on a [Group]. See [ToThread].
func OwnThread() Option { return optionFunc(func(o *options) { o.ownThread = true }) }

// ProfileLabel labels the samples of a task in CPU and goroutine profiles with
// the task's name, under the key "task", as [pprof.Do] would. What the task
// starts inherits the label. The option has no effect on a [Group].
func ProfileLabel() Option { return optionFunc(func(o *options) { o.labelled = true }) }

// FailFast sets whether the first failure cancels a [Group]; by default it
// does. FailFast(false) makes the Group a supervisor: a child that fails does
// not affect its siblings. [Group] says what happens to its error.
//
// FailFast(false) on a task applies to that task alone: its failure neither
// cancels nor is reported to the Group around it. If nobody looks at its error,
// it is reported; see [Unobserved].
func FailFast(on bool) Option { return optionFunc(func(o *options) { o.tolerant = !on }) }

// arrange returns a function that runs fn in the way that o, which may be nil,
// asks for.
func (t *Task[T]) arrange(fn Func[T], o *options) Func[T] {
	if o != nil {
		if o.labelled {
			fn = labelled(fn, t.name())
		}
		if o.vars != nil {
			fn = inContext(fn, o.vars)
		}
		if o.ownThread {
			fn = locked(fn)
		}
	}
	if t.more.trace != nil {
		fn = traced(fn, t.more.trace)
	}
	return fn
}

func traced[T any](fn Func[T], tt *trace.Task) Func[T] {
	return func(ctx context.Context) (T, error) {
		defer tt.End()
		defer trace.StartRegion(ctx, "task").End()
		return fn(ctx)
	}
}

func labelled[T any](fn Func[T], name string) Func[T] {
	return func(ctx context.Context) (value T, err error) {
		pprof.Do(ctx, pprof.Labels("task", name), func(ctx context.Context) {
			// In the default mode, pprof leaves a label set in the slot, from which the
			// goroutines that fn starts would inherit. Current puts a frame back.
			gls.Current()
			value, err = fn(ctx)
		})
		return value, err
	}
}

func inContext[T any](fn Func[T], c *ctxvar.Context) Func[T] {
	return func(ctx context.Context) (value T, err error) {
		if !(*gls.Env)(c).Run(func() { value, err = fn(ctx) }) {
			err = new(ctxvar.EnterError)
		}
		return value, err
	}
}

func locked[T any](fn Func[T]) Func[T] {
	return func(ctx context.Context) (T, error) {
		// Never unlocked: the thread ends with the goroutine.
		runtime.LockOSThread()
		return fn(ctx)
	}
}
