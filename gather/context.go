package gather

import (
	"context"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// A jobContext is the context for the jobs of one call. It carries the caller's
// variables, as ctxvar.NewContext does, so that they live through a pprof.Do in
// a job. And it can be cancelled.
//
// Most calls are never cancelled, and many jobs are too short to ever look. So
// it is part of what the call allocates anyway, and makes a context of the
// standard library's, which its parent keeps a record of, only when somebody
// asks for what such a one is needed for: the Done channel, or a cause.
type jobContext struct {
	context.Context // the caller's
	frame           *gls.Frame

	std   atomic.Pointer[standard] // nil until it is needed
	ended atomic.Bool              // cancelled, with no cause but that the call is over
}

type standard struct {
	context.Context
	cancel context.CancelCauseFunc
}

// begin makes c the context for jobs of a call with ctx.
func (c *jobContext) begin(ctx context.Context) {
	c.Context = ctx
	c.frame = gls.Current()
}

// cancel cancels c, unless it is already cancelled. With no cause, the jobs are
// told context.Canceled.
func (c *jobContext) cancel(cause error) {
	if cause != nil {
		c.standard().cancel(cause)
		return
	}
	c.ended.Store(true)
	if std := c.std.Load(); std != nil {
		std.cancel(nil)
	}
}

// standard returns c.std, and makes it if need be.
func (c *jobContext) standard() *standard {
	if std := c.std.Load(); std != nil {
		return std
	}
	ctx, cancel := context.WithCancelCause(c.Context)
	std := &standard{ctx, cancel}
	if !c.std.CompareAndSwap(nil, std) {
		cancel(nil) // somebody was faster
		return c.std.Load()
	}
	// cancel stores ended and then looks at std; here it is the other way round.
	// So at least one of the two sees what the other did.
	if c.ended.Load() {
		cancel(nil)
	}
	return std
}

// Done returns the channel of a standard context.
func (c *jobContext) Done() <-chan struct{} { return c.standard().Done() }

// Err looks for a standard context, but does not make one.
func (c *jobContext) Err() error {
	if std := c.std.Load(); std != nil {
		return std.Err()
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	if c.ended.Load() {
		return context.Canceled
	}
	return nil
}

// Value answers for the variables and the profiler labels. A standard context,
// which answers for its own key, is there if one was ever derived from c or c
// has a cause. Otherwise there is nothing that the caller's does not know.
func (c *jobContext) Value(key any) any {
	switch {
	case key == gls.CarrierKey{}:
		return c.frame
	case gls.PprofKey(key):
		return gls.Answer(c.Context.Value(key), c.frame)
	}
	if std := c.std.Load(); std != nil {
		return std.Value(key)
	}
	return c.Context.Value(key)
}
