package ctxotel

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// With calls fn in a copy of the goroutine's variables, or of those that ctx carries if
// they are of another piece of work, see [ctxvar.Effective], in which the span of ctx
// is the current one, and the variables are set that a [Propagator] has read
// into ctx. What fn sets is gone when it returns or panics. If ctx has no span
// there is no current one either, whatever the goroutine had.
//
// If the span of ctx has ended, that of a request whose job is done later, say, it is
// not the current one, but the innermost around it that has not ended. If there is none,
// spans that [Tracer.Start] starts in fn are roots, with a link to the one that has ended.
//
// fn's ctx descends from ctx and carries a snapshot, see [ctxvar.NewContext].
func With(ctx context.Context, fn func(context.Context)) {
	ctxvar.Effective(ctx).Run(func() {
		restore(ctx)
		var late trace.SpanContext
		span, ended := spanIn(ctx)
		if ended {
			late = trace.SpanContextFromContext(ctx)
			ctx = trace.ContextWithSpan(ctx, span)
		}
		l := newLink(ctx, span, nil, baggage.FromContext(ctx))
		l.late = late
		defer l.ctx.Store(nil)
		Current.Set(l)
		fn(ctxvar.NewContext(ctx))
	})
}

// Field returns the field that takes the trace along: what handles a message does so
// as [With] does, and what sends one does so with the current span in its ctx, as
// [Context] has it. Give it to ctxhttp and ctxgrpc, say, together with the others;
// the instrumentation of OpenTelemetry does the rest.
func Field() ctxwire.Field {
	return ctxwire.Around(With, func(ctx context.Context, rest func(context.Context)) { rest(Context(ctx)) })
}

// Middleware returns a handler that calls next as [With] does with the request's
// ctx. It belongs inside of the handler that starts a span for each request, of
// package otelhttp for example.
func Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		With(r.Context(), func(ctx context.Context) {
			inner := r.WithContext(ctx)
			next.ServeHTTP(w, inner)
			// A ServeMux within tells the handlers around it, by their request,
			// what it matched. It has seen another one.
			r.Pattern = inner.Pattern
		})
	})
}
