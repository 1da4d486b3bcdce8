package ctxtemporal

import (
	"context"
	"errors"

	"go.temporal.io/sdk/workflow"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// ErrNoInterceptor is the error of what a workflow starts in a worker that has the
// propagator and not the interceptor. The variables there would be the worker's.
var ErrNoInterceptor = errors.New("ctxtemporal: the worker has the propagator without the interceptor: use Options, or NewInterceptor with the same fields")

// NewPropagator returns the half of this package that sends: it writes the variables
// of the fields into the headers of whatever a client or a workflow starts or calls.
// A call fails with a [*ctxwire.FieldError] if a value can't be sent, before anything
// is.
//
// It is of use only together with [NewInterceptor]; [Options] installs both.
// NewPropagator panics if two fields that are sent have the same key, or if a key is
// one of Temporal's own.
func NewPropagator(fields ...ctxwire.Field) workflow.ContextPropagator {
	return &propagator{ctxwire.NewWire(protocol, fields...)}
}

type propagator struct{ wire *ctxwire.Wire }

// Inject sends what the calling goroutine has, or what ctx carries of other work.
func (p *propagator) Inject(ctx context.Context, header workflow.HeaderWriter) error {
	return p.wire.Send(ctx, outgoing{header}, nil)
}

// InjectFromWorkflow sends what the workflow has where it calls.
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

// ExtractToWorkflow does nothing, as Extract.
func (p *propagator) ExtractToWorkflow(ctx workflow.Context, _ workflow.HeaderReader) (workflow.Context, error) {
	return ctx, nil
}
