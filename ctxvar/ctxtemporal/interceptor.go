package ctxtemporal

import (
	"context"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// Options returns o with everything that the client, and the workers made with
// it, need to send and receive the variables of the fields. The interceptor
// comes before those of o, which then see the variables too. Options panics as
// [NewPropagator] and [NewInterceptor] do.
func Options(o client.Options, fields ...ctxwire.Field) client.Options {
	o.ContextPropagators = append([]workflow.ContextPropagator{NewPropagator(fields...)}, o.ContextPropagators...)
	o.Interceptors = append([]interceptor.ClientInterceptor{NewInterceptor(fields...)}, o.Interceptors...)
	return o
}

// NewInterceptor returns the receiving half of this package. It runs each
// workflow, each handler of a query or an update, and each activity with
// variables of its own, which are those that its caller has sent and none of
// the worker's. Without fields, they begin with no variables.
//
// Use it where there is no client: pass it to a replayer of histories or to the
// environments of the SDK's testsuite, together with the result of
// [NewPropagator]. NewInterceptor panics if two fields that are received have
// the same key, or if a key belongs to Temporal.
func NewInterceptor(fields ...ctxwire.Field) interceptor.Interceptor {
	return &worker{wire: ctxwire.NewWire(protocol, fields...)}
}

type worker struct {
	interceptor.InterceptorBase
	wire *ctxwire.Wire
}

func (w *worker) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	a := &activity{wire: w.wire}
	a.Next = next
	return a
}

func (w *worker) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &inbound{wire: w.wire, base: map[string]*ctxvar.Context{}}
	i.Next = next
	return i
}

// An activity is one execution of an activity, local or not.
type activity struct {
	interceptor.ActivityInboundInterceptorBase
	wire *ctxwire.Wire
}

func (a *activity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (result any, err error) {
	ctxvar.Detach(func() {
		// What the worker's own ctx carries must not apply either.
		err = a.wire.Receive(ctxvar.NewContext(ctx), Header{Fields: interceptor.Header(ctx)}, nil, func(ctx context.Context) (err error) {
			result, err = a.Next.ExecuteActivity(ctx, in)
			return err
		})
	})
	return result, err
}
