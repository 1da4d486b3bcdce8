package gather

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/latectx"
)

// A jobContext is the context for the jobs of one call. It carries the caller's
// variables, as ctxvar.NewContext does, so that they live through a pprof.Do in
// a job. And it can be cancelled.
//
// Most calls are never cancelled, and many jobs are too short to ever look. So
// it is part of what the call allocates anyway, and becomes a context of the
// standard library's, which its parent keeps a record of, only when somebody
// asks for what such a one is needed for: the Done channel, or a cause.
type jobContext struct {
	context.Context // the caller's
	carried         gls.Carried
	late            latectx.Late
}

// over is the end of a call that nothing cancelled: the jobs are told
// context.Canceled, and no cause.
var over = latectx.NewEnd(context.Canceled)

// begin makes c the context for jobs of a call with ctx.
func (c *jobContext) begin(ctx context.Context) {
	c.Context = ctx
	c.carried = gls.Carry()
}

// cancel cancels c, unless it is already. With no cause, it is that the call is
// over.
func (c *jobContext) cancel(cause error) {
	if cause == nil {
		c.late.End(c.Context, over)
		return
	}
	c.late.Cancel(c.Context, cause)
}

// Done returns the channel of a standard context.
func (c *jobContext) Done() <-chan struct{} { return c.late.Standard(c.Context).Done() }

// Err looks for a standard context, but does not make one.
func (c *jobContext) Err() error { return c.late.Err(c.Context) }

// Value answers for the variables and the profiler labels, and for what
// [context.WithCancel] and [context.Cause] look up.
func (c *jobContext) Value(key any) any {
	switch {
	case latectx.AsksVariables(key):
		return latectx.Variables(key, c.Context, &c.carried)
	case latectx.IsCancelKey(key):
		if v := c.late.Standard(c.Context).Value(key); v != nil {
			return v
		}
	}
	return c.Context.Value(key)
}
