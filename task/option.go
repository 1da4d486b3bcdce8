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

// An Option configures a task or a [Group]. The same options serve [Go] and
// [Run] of any type.
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
	started   func(any) // see package members
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
		opt.apply(o)
	}
	return o
}

// Name names a task or a [Group]. Without it a task is called after its function,
// and a Group Group, with the ID behind it: main.fetch-7. That name is put together
// when somebody looks at it, and costs nothing before.
func Name(name string) Option { return optionFunc(func(o *options) { o.name = name }) }

// StartSites notes for each task of the [Run], the [Group] or the task with this
// option, and all that is started in it, where it was started: see Site of
// [Info]. It makes starting a task about a third dearer.
func StartSites() Option { return optionFunc(func(o *options) { o.sites = true }) }

// Limit has a [Group] run at most n of its tasks at once. [Go] never blocks: a
// task for which there is no place is queued, in the state [Queued], and started
// when one of those before it has ended; the oldest first. A task that is
// cancelled before is not run.
//
// A task that waits for tasks of the Group, or for those of a Group of its own,
// lends its place until that is over. So tasks may start others and wait for
// them, however deep, and cannot lock each other out: a crawler with a limit
// needs no more than this. Tasks of a Group within it do not count.
//
// A limit of zero or less is none. It means nothing to a task.
func Limit(n int) Option { return optionFunc(func(o *options) { o.limit = n }) }

// InContext makes a task run in c itself and not in a copy of the caller's
// variables, as the context argument of asyncio.create_task does: what the task
// sets is seen in c afterwards. A Context runs one task at a time; a task
// started in one that is in use fails with a [*ctxvar.EnterError].
//
// Every task has variables of its own, so InContext means nothing to a [Group],
// whose body runs in the caller's.
func InContext(c *ctxvar.Context) Option { return optionFunc(func(o *options) { o.vars = c }) }

// Timeout limits the time of a task or a [Group]: after d its ctx is cancelled,
// with a [*TimeoutError] as the cause. If it ends because of that, the
// TimeoutError is its error. Tasks that it started share the limit.
//
// It does not end a function that ignores its ctx; nothing can.
func Timeout(d time.Duration) Option {
	return optionFunc(func(o *options) { o.timeout, o.hasLimit = d, true })
}

// Shielded keeps the cancellation of ctx, and so of the task that starts it,
// from a task. Its own Cancel still reaches it, and so does the end of the
// [Run] it belongs to. See [Shield].
func Shielded() Option { return optionFunc(func(o *options) { o.shielded = true }) }

// OwnThread locks the goroutine of a task to an operating system thread, which
// runs nothing else and ends with the task, so that whatever the function does
// to the state of the thread ends with it too. Goroutines and tasks that it
// starts run elsewhere. It means nothing to a [Group]. See [ToThread].
func OwnThread() Option { return optionFunc(func(o *options) { o.ownThread = true }) }

// ProfileLabel labels the samples of a task with its name in CPU and goroutine
// profiles, under the key "task", as [pprof.Do] would. What the task starts
// inherits the label. It means nothing to a [Group].
func ProfileLabel() Option { return optionFunc(func(o *options) { o.labelled = true }) }

// FailFast tells whether the first failure cancels a [Group], which it does unless
// told otherwise. FailFast(false) makes it a supervisor: a child that fails leaves its
// siblings alone; see [Group] for what becomes of its error.
//
// FailFast(false) on a task says so of that one: its failure is between it and
// who looks at it. The Group around is not told, and if nobody looks at it, it is
// reported, see [Unobserved].
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
		pprof.Do(ctx, pprof.Labels("task", name), func(ctx context.Context) { value, err = fn(ctx) })
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
