package ctxtemporal

import (
	"context"
	"errors"

	"go.temporal.io/sdk/workflow"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// ErrNoInterceptor is the error of whatever a workflow starts in a worker that
// has the propagator but not the interceptor. Otherwise the variables would be
// those of the worker.
var ErrNoInterceptor = errors.New("ctxtemporal: the worker has the propagator without the interceptor: use Options, or NewInterceptor with the same fields")

// NewPropagator returns the sending half of this package. It writes the
// variables of the fields into the headers of everything that a client or a
// workflow starts or calls. If a value cannot be sent, the call fails with a
// [*ctxwire.FieldError] before anything is sent.
//
// It is of use only together with [NewInterceptor]; [Options] installs both.
// NewPropagator panics if two fields that are sent have the same key, or if a
// key belongs to Temporal.
func NewPropagator(fields ...ctxwire.Field) workflow.ContextPropagator {
	return &propagator{ctxwire.NewWire(protocol, fields...)}
}

type propagator struct{ wire *ctxwire.Wire }

// Inject sends the values of the calling goroutine, or those in ctx if they
// belong to another work.
func (p *propagator) Inject(ctx context.Context, header workflow.HeaderWriter) error {
	return p.wire.Send(ctx, outgoing{header}, nil)
}

// InjectFromWorkflow sends the values that the workflow has at the place of the
// call.
func (p *propagator) InjectFromWorkflow(ctx workflow.Context, header workflow.HeaderWriter) error {
	if !inWorkflow(ctx) {
		return ErrNoInterceptor
	}
	return p.wire.Send(context.Background(), outgoing{header}, nil)
}

// Extract does nothing: the interceptor reads the headers.
func (p *propagator) Extract(ctx context.Context, _ workflow.HeaderReader) (context.Context, error) {
	return ctx, nil
}

// ExtractToWorkflow does nothing, like Extract.
func (p *propagator) ExtractToWorkflow(ctx workflow.Context, _ workflow.HeaderReader) (workflow.Context, error) {
	return ctx, nil
}
