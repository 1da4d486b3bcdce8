package ctxvar

import (
	"context"
	"runtime/pprof"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/latectx"
)

// carrier is a context.Context that carries a snapshot.
type carrier struct {
	context.Context
	carried gls.Carried
}

func (c *carrier) Value(key any) any {
	if latectx.AsksVariables(key) {
		return latectx.Variables(key, c.Context, &c.carried)
	}
	return c.Context.Value(key)
}

// labelled is a context.Context whose profiler labels are others.
type labelled struct {
	context.Context
	labels any
}

func (l labelled) Value(key any) any {
	if gls.PprofKey(key) {
		return l.labels
	}
	return l.Context.Value(key)
}

// NewContext returns a copy of ctx that carries a snapshot of the running
// goroutine's values, which [FromContext] takes out. It takes constant time.
//
// Get does not look there: it reads the running goroutine's values, and has no
// ctx to look in.
func NewContext(ctx context.Context) context.Context {
	return &carrier{Context: ctx, carried: gls.Carry()}
}

// FromContext returns the values that ctx carries, as a new Context each time,
// ready to Run, and whether ctx carries any: whether it descends from
// [NewContext], or is the ctx of a task. It takes constant time but for ctx's
// own look-up.
//
// [RunFrom] runs a function with them. [Effective] weighs them against those of
// the running goroutine. It is not [task.FromContext], which returns the task
// that a ctx comes from.
//
// [task.FromContext]: https://pkg.go.dev/github.com/heirloom-go/heirloom/task#FromContext
func FromContext(ctx context.Context) (*Context, bool) {
	frame, ok := gls.CarriedBy(ctx)
	if !ok {
		return nil, false
	}
	return hold(frame), true
}

// RunFrom calls fn with the values that ctx carries, see [FromContext], in place
// of the running goroutine's, which are back when fn returns, panics or calls
// [runtime.Goexit]. What fn sets is gone then. If ctx carries no values, fn has
// none.
//
// It is how a goroutine that others share does a job that it was given with a
// ctx: a worker of a pool, the leader of a singleflight, a callback. Such a
// goroutine has the values of whoever happened to start it.
//
//	pool.Submit(func() { ctxvar.RunFrom(ctx, job) })
func RunFrom(ctx context.Context, fn func()) {
	frame, _ := gls.CarriedBy(ctx)
	hold(frame).Run(fn)
}

// Effective returns the values that count where a function was given ctx, as a
// new Context each time. There are two to choose from, those of the running
// goroutine and those that ctx carries, see [FromContext]:
//
//   - If both are of the same piece of work, see [Work], or ctx carries none, it
//     is the goroutine's, which may have set something since.
//   - Otherwise it is what ctx carries. It was passed on purpose, and the
//     goroutine has merely inherited what it has: the values of the request that
//     started it, say, if it is a worker of a pool.
//   - Where no work was ever begun, as in a program that is no server, it is the
//     goroutine's if it made the snapshot in ctx itself, and else what ctx
//     carries.
//
// It is for those who write loggers, clients and drivers: whatever takes a ctx
// and reads variables. Read them with [Var.In]. It takes constant time but for
// ctx's own look-up.
func Effective(ctx context.Context) *Context { return hold(gls.Counting(ctx)) }

// Work calls fn as a piece of work of its own: what a server does with each
// request, and others with each call, message or job that arrives. fn begins
// with the running goroutine's values, which are back when fn returns, panics or
// calls [runtime.Goexit]; what fn sets is gone then. The work is what fn does,
// and what the goroutines do that it starts, until it returns.
//
// A work tells which values are the newer ones, see [Effective], and is what
// variables for identity are readable in, see [Identity].
func Work(fn func()) { hold(gls.Current()).env().RunWork(fn) }

// Do calls fn with labels added to the running goroutine's profiler labels, as
// [pprof.Do] does. Goroutines that fn starts inherit the variables, whatever ctx
// is, and so do those that are started afterwards. If ctx has no labels, those
// that the goroutine has are kept too, and are what is there afterwards.
//
// fn's ctx descends from ctx and carries a snapshot, as [NewContext] makes it.
func Do(ctx context.Context, labels pprof.LabelSet, fn func(context.Context)) {
	carried := gls.Carry()
	if !gls.HasLabels(ctx) {
		ctx = labelled{ctx, gls.GoroutineLabels()}
	}
	c := &carrier{Context: ctx, carried: carried}
	// In the default mode pprof leaves a label set in the slot. To look is to put
	// a frame in its place.
	defer gls.Current()
	pprof.Do(c, labels, func(ctx context.Context) {
		gls.Current()
		fn(ctx)
	})
}
