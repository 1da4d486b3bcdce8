package gather

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/latectx"
	"github.com/heirloom-go/heirloom/task"
)

var _ latectx.Ended = (*jobContext)(nil)

// A jobContext is the context for the jobs of one call. It can be cancelled,
// and it carries the caller's variables, as ctxvar.NewContext does, so that
// they survive a pprof.Do in a job.
//
// Most calls are never cancelled, and many jobs are too short ever to check. So
// a jobContext is part of the memory that the call allocates anyway. It becomes
// a context of the standard library, which its parent keeps in a list, only when
// somebody asks for something that needs one: the Done channel, or a cause.
type jobContext struct {
	context.Context // the caller's
	carried         gls.Carried
	late            latectx.Late
}

// over is the end of a call that nothing cancelled: the error of the context is
// context.Canceled, without another cause.
var over = latectx.NewEnd(context.Canceled)

// begin makes c the context for jobs of a call with ctx, which [safe] returned.
func (c *jobContext) begin(ctx context.Context) {
	c.Context = ctx
	c.carried = gls.Carry()
}

// cancel cancels c, unless it is already cancelled. Without a cause, the call
// is over.
func (c *jobContext) cancel(cause error) {
	if cause == nil {
		c.late.End(c.Context, over)
		return
	}
	c.late.Cancel(c.Context, cause)
}

// Done returns the channel of a standard context.
func (c *jobContext) Done() <-chan struct{} { return c.late.Standard(c.Context).Done() }

// Err looks for a standard context but does not make one.
func (c *jobContext) Err() error { return c.late.Err(c.Context) }

// Ended, Why and Base make c a [latectx.Ended], so that others can have c as a base.
func (c *jobContext) Ended() bool             { return c.late.Ended(c.Context) }
func (c *jobContext) Why() (err, cause error) { return c.late.Cause(c.Context) }
func (c *jobContext) Base() context.Context   { return c.Context }

// Value returns the variables and the profiler labels, and what
// [context.WithCancel] and [context.Cause] look up.
func (c *jobContext) Value(key any) any {
	switch {
	case gls.AsksVariables(key):
		return gls.Variables(key, c.Context, &c.carried)
	case latectx.AsksNearest(key):
		return c
	case latectx.IsCancelKey(key):
		if v := c.late.Standard(c.Context).Value(key); v != nil {
			return v
		}
	}
	return c.Context.Value(key)
}

// safe returns ctx in a form whose Err neither panics nor is called with a lock held:
// a caller's ctx may be of any type. It panics if ctx is nil.
func safe(caller string, ctx context.Context) context.Context {
	checkCtx(caller, ctx)
	return latectx.Base(ctx, protected)
}

// checkCtx panics if ctx, which was given to caller, is nil.
func checkCtx(caller string, ctx context.Context) {
	if ctx == nil {
		panic(&UsageError{
			Func:    "gather." + caller,
			Problem: "nil ctx; pass context.Background() if there is none",
			Err:     task.ErrNilContext,
		})
	}
}

// protected calls f, and then end: with the error of f's panic or Goexit, or with nil.
func protected(f func(), end func(error)) {
	task.Func[struct{}](func(context.Context) (struct{}, error) {
		f()
		return struct{}{}, nil
	}).Call(context.Background(), func(_ struct{}, err error) { end(err) })
}
