package ctxtemporal

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// An inbound receives the calls to one run of a workflow. The SDK runs one
// coroutine of a workflow at a time, and queries between them.
type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	wire *ctxwire.Wire
	// base has the variables with which the handlers of queries and updates
	// begin, by kind and name: those of the code that registered them.
	base map[string]*ctxvar.Context
}

const (
	query  = "query "
	update = "update "
)

func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	o := &outbound{base: i.base}
	o.Next = next
	return i.Next.Init(o)
}

type withinKey struct{}

// within returns a ctx that marks the calls made with it as running with the
// workflow's variables.
func within(ctx workflow.Context) workflow.Context {
	return workflow.WithValue(ctx, withinKey{}, true)
}

func inWorkflow(ctx workflow.Context) bool { return ctx.Value(withinKey{}) != nil }

// receive calls handle as a work, with the variables of base, and those in the
// headers of ctx on top.
func (i *inbound) receive(ctx workflow.Context, base *ctxvar.Context, handle func()) {
	if base == nil {
		base = ctxvar.Empty()
	}
	info := workflow.GetInfo(ctx)
	in := Header{interceptor.WorkflowHeader(ctx), info.OriginalRunID} // the same after a reset
	if in.run == "" {
		in.run = info.WorkflowExecution.RunID
	}
	base.Copy().Run(func() {
		ctxvar.Work(func() {
			i.wire.Set(in)
			handle()
		})
	})
}

func (i *inbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (result any, err error) {
	i.receive(ctx, nil, func() { result, err = i.Next.ExecuteWorkflow(within(ctx), in) })
	return result, err
}

// HandleSignal queues the signal. The workflow handles it with its own
// variables.
func (i *inbound) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) (err error) {
	i.receive(ctx, nil, func() { err = i.Next.HandleSignal(within(ctx), in) })
	return err
}

func (i *inbound) HandleQuery(ctx workflow.Context, in *interceptor.HandleQueryInput) (result any, err error) {
	i.receive(ctx, i.base[query+in.QueryType], func() { result, err = i.Next.HandleQuery(within(ctx), in) })
	return result, err
}

// ValidateUpdate is not called in a replay. What it sets is discarded, so the
// replay does not differ.
func (i *inbound) ValidateUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (err error) {
	i.receive(ctx, i.base[update+in.Name], func() { err = i.Next.ValidateUpdate(within(ctx), in) })
	return err
}

func (i *inbound) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (result any, err error) {
	i.receive(ctx, i.base[update+in.Name], func() { result, err = i.Next.ExecuteUpdate(within(ctx), in) })
	return result, err
}

// An outbound makes the calls of one run of a workflow, except for what the
// propagator sends.
type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	base map[string]*ctxvar.Context
}

// Go starts a coroutine with a copy of the variables of the coroutine that
// starts it, like a go statement, but independent of labels.
func (o *outbound) Go(ctx workflow.Context, name string, f func(workflow.Context)) workflow.Context {
	vars := ctxvar.Copy()
	return o.Next.Go(ctx, name, func(ctx workflow.Context) {
		vars.Run(func() { f(ctx) })
	})
}

func (o *outbound) SetQueryHandler(ctx workflow.Context, name string, handler any) error {
	o.base[query+name] = ctxvar.Copy()
	return o.Next.SetQueryHandler(ctx, name, handler)
}

func (o *outbound) SetQueryHandlerWithOptions(ctx workflow.Context, name string, handler any, options workflow.QueryHandlerOptions) error {
	o.base[query+name] = ctxvar.Copy()
	return o.Next.SetQueryHandlerWithOptions(ctx, name, handler, options)
}

func (o *outbound) SetUpdateHandler(ctx workflow.Context, name string, handler any, options workflow.UpdateHandlerOptions) error {
	o.base[update+name] = ctxvar.Copy()
	return o.Next.SetUpdateHandler(ctx, name, handler, options)
}

// The functions of side effects are not called in a replay, so they must not
// change variables either.

func apart(f func(workflow.Context) any) func(workflow.Context) any {
	return func(ctx workflow.Context) (result any) {
		ctxvar.Copy().Run(func() { result = f(ctx) })
		return result
	}
}

func (o *outbound) SideEffect(ctx workflow.Context, f func(workflow.Context) any) converter.EncodedValue {
	return o.Next.SideEffect(ctx, apart(f))
}

func (o *outbound) SideEffectWithOptions(ctx workflow.Context, options workflow.SideEffectOptions, f func(workflow.Context) any) converter.EncodedValue {
	return o.Next.SideEffectWithOptions(ctx, options, apart(f))
}

func (o *outbound) MutableSideEffect(ctx workflow.Context, id string, f func(workflow.Context) any, equals func(a, b any) bool) converter.EncodedValue {
	return o.Next.MutableSideEffect(ctx, id, apart(f), equals)
}

func (o *outbound) MutableSideEffectWithOptions(ctx workflow.Context, id string, options workflow.MutableSideEffectOptions, f func(workflow.Context) any, equals func(a, b any) bool) converter.EncodedValue {
	return o.Next.MutableSideEffectWithOptions(ctx, id, options, apart(f), equals)
}
