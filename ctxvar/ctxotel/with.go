package ctxotel

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// With calls fn with a copy of the goroutine's variables, or of those that ctx
// carries if they belong to another work (see [ctxvar.Effective]). In the copy,
// the span of ctx is current, and the variables that a [Propagator] has read
// into ctx are set. What fn sets is discarded when it returns or panics. If ctx
// has no span, there is no current span either, whatever the goroutine had.
//
// If the span of ctx has ended, for example that of a request whose job is done
// later, the innermost surrounding span that has not ended is current instead.
// If there is none, spans that [Tracer.Start] starts in fn are roots with a
// link to the ended span.
//
// fn's ctx descends from ctx and carries a snapshot (see [ctxvar.NewContext]).
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

// Field returns the field that propagates the trace: handling a message runs as
// within [With], and sending one has the current span in its ctx, as [Context]
// does. Give it to ctxhttp, ctxgrpc and others, together with the other fields;
// the instrumentation of OpenTelemetry does the rest.
func Field() ctxwire.Field {
	return ctxwire.Around(With, func(ctx context.Context, rest func(context.Context)) { rest(Context(ctx)) })
}

// Middleware returns a handler that calls next as [With] does with the
// request's ctx. Put it inside of the handler that starts a span for each
// request, such as that of package otelhttp.
func Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		With(r.Context(), func(ctx context.Context) {
			inner := r.WithContext(ctx)
			next.ServeHTTP(w, inner)
			// An inner ServeMux reports what it matched to the handlers around
			// it in their request, but it saw another request.
			r.Pattern = inner.Pattern
		})
	})
}
