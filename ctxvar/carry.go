package ctxvar

import (
	"context"
	"runtime/pprof"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// carrier is a context.Context that carries a snapshot.
type carrier struct {
	context.Context
	carried gls.Carried
}

func (c *carrier) Value(key any) any {
	if gls.AsksVariables(key) {
		return gls.Variables(key, c.Context, &c.carried)
	}
	return c.Context.Value(key)
}

// labelled is a context.Context with other profiler labels.
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

// checkCtx panics if ctx, which was given to caller, is nil: here, and not at the first
// look-up in it.
func checkCtx(caller string, ctx context.Context) {
	if ctx == nil {
		panic(&UsageError{Func: caller, Problem: "nil ctx; pass context.Background() if there is none"})
	}
}

// NewContext returns a copy of ctx that carries a snapshot of the running
// goroutine's values. [FromContext] returns the snapshot. NewContext takes
// constant time.
//
// Get ignores the snapshot: it has no ctx, and returns the running goroutine's
// value.
//
// Like every function of this package that takes a ctx, NewContext panics with a
// [*UsageError] if ctx is nil.
func NewContext(ctx context.Context) context.Context {
	checkCtx("ctxvar.NewContext", ctx)
	return &carrier{Context: ctx, carried: gls.Carry()}
}

// FromContext returns the values that ctx carries, as a new Context that is
// ready to Run, and reports whether ctx carries any. A ctx carries values if it
// descends from [NewContext] or from the ctx of a task. FromContext takes
// constant time, except for the look-up in ctx.
//
// [RunFrom] runs a function with the values. [Effective] chooses between them
// and the running goroutine's. FromContext is not [task.FromContext], which
// returns the task that a ctx comes from.
//
// [task.FromContext]: https://pkg.go.dev/github.com/heirloom-go/heirloom/task#FromContext
func FromContext(ctx context.Context) (*Context, bool) {
	checkCtx("ctxvar.FromContext", ctx)
	frame, ok := gls.CarriedBy(ctx)
	if !ok {
		return nil, false
	}
	return hold(frame), true
}

// RunFrom calls fn with the values that ctx carries (see [FromContext]) in
// place of the running goroutine's. The goroutine's own values are restored
// when fn returns, panics or calls [runtime.Goexit], and what fn set is
// discarded. If ctx carries no values, fn runs with none.
//
// Use RunFrom where a goroutine that serves several callers runs a job that
// came with a ctx: in a worker of a pool, the leader of a singleflight, or a
// callback. Such a goroutine otherwise has the values of the caller that
// happened to start it.
//
//	pool.Submit(func() { ctxvar.RunFrom(ctx, job) })
func RunFrom(ctx context.Context, fn func()) {
	checkCtx("ctxvar.RunFrom", ctx)
	frame, _ := gls.CarriedBy(ctx)
	hold(frame).Run(fn)
}

// Effective returns the values that apply in a function that was given ctx, as
// a new Context. They are either the running goroutine's or those that ctx
// carries (see [FromContext]):
//
//   - If both belong to the same work (see [Work]), or ctx carries none,
//     Effective returns the goroutine's, because it may have set variables
//     since the snapshot in ctx was taken.
//   - If they belong to different works, it returns what ctx carries. The ctx
//     was passed on purpose, whereas the goroutine has merely inherited its
//     values; a worker of a pool, say, has those of the request that started
//     it.
//   - If neither belongs to a work, as in a program that is no server, it
//     returns the goroutine's if the goroutine itself made the snapshot in ctx,
//     and otherwise what ctx carries.
//
// Effective is for authors of loggers, clients and drivers, that is, of code
// that takes a ctx and reads variables. Read them with [Var.In]. It takes
// constant time, except for the look-up in ctx.
func Effective(ctx context.Context) *Context {
	checkCtx("ctxvar.Effective", ctx)
	return hold(gls.Counting(ctx))
}

// Work calls fn as a work: the handling of one request by a server, or of one
// call, message or job that arrives. fn begins with the running goroutine's
// values. They are restored when fn returns, panics or calls [runtime.Goexit],
// and what fn set is discarded. The work comprises fn and the goroutines
// started from it, until fn returns.
//
// [Effective] compares works to choose the newer values, and a variable for
// identity is readable only within the work in which it was set (see
// [Identity]).
func Work(fn func()) { hold(gls.Current()).env().RunWork(fn) }

// Do calls fn with labels added to the running goroutine's profiler labels, as
// [pprof.Do] does. Whatever ctx is, goroutines started by fn or after Do
// returns inherit the goroutine's variables. If ctx has no labels, the
// goroutine's own labels stay in effect during fn, and are restored afterwards.
//
// The ctx passed to fn descends from ctx and carries a snapshot, as if made by
// [NewContext].
func Do(ctx context.Context, labels pprof.LabelSet, fn func(context.Context)) {
	checkCtx("ctxvar.Do", ctx)
	carried := gls.Carry()
	if !gls.HasLabels(ctx) {
		ctx = labelled{ctx, gls.GoroutineLabels()}
	}
	c := &carrier{Context: ctx, carried: carried}
	// In the default mode, pprof leaves a label set in the slot. Current puts a
	// frame in its place.
	defer gls.Current()
	pprof.Do(c, labels, func(ctx context.Context) {
		gls.Current()
		fn(ctx)
	})
}
