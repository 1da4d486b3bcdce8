package ctxotel

import (
	"context"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Current is the variable that holds the goroutine's current span. It has no
// default; [Span] returns a span in any case.
//
// Most programs need not name it: [Tracer.Start] and [With] set it. It is there
// for what reads variables, such as a logger, see [LogAttrs], and for tests. A
// span that is set by hand becomes the parent of the next one like any other.
var Current = ctxvar.New[trace.Span]("otel.span")

// none is what OpenTelemetry has where there is no span. It records nothing.
var none = trace.SpanFromContext(context.Background())

// A link is a span as [Current] has it: with those that it was started in, as far
// as they were current ones too.
type link struct {
	trace.Span // never nil, nor a link
	up         *link
	// bag is the baggage of the ctx that the trace came from, for span processors
	// that look at it.
	bag baggage.Baggage
}

// current returns the goroutine's current span, or nil if it has none.
func current() *link {
	span := Current.Get()
	if span == nil || !span.SpanContext().IsValid() {
		return nil
	}
	if l, ok := span.(*link); ok {
		return l
	}
	return &link{Span: span}
}

// is reports whether l is the span of that context.
func (l *link) is(sc trace.SpanContext) bool {
	own := l.SpanContext()
	return own.SpanID() == sc.SpanID() && own.TraceID() == sc.TraceID()
}

// isWithin reports whether l was started in the span of that context.
func (l *link) isWithin(sc trace.SpanContext) bool {
	for up := l.up; up != nil; up = up.up {
		if up.is(sc) {
			return true
		}
	}
	return false
}

// Span returns the goroutine's current span. Where there is none it returns one
// that records nothing, as [trace.SpanFromContext] does; it never returns nil.
func Span() trace.Span {
	if l := current(); l != nil {
		return l.Span
	}
	return none
}

// Context returns a copy of ctx with the goroutine's current span in it, for
// what takes a ctx. Code that has none at hand may give [context.Background].
//
// If ctx has a span already it stays, for it may be a newer one than the
// goroutine knows of, unless the current span was started within it. If there is
// no current span, ctx is returned as it is.
func Context(ctx context.Context) context.Context {
	ctx, _ = withCurrent(ctx)
	return ctx
}

// withCurrent is Context, and returns the span that is in the ctx it returns, or
// nil if there is none.
func withCurrent(ctx context.Context) (context.Context, *link) {
	l := current()
	if l == nil {
		return ctx, linkOf(ctx, nil)
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() && !l.isWithin(sc) {
		if l.is(sc) {
			return ctx, l
		}
		return ctx, linkOf(ctx, l)
	}
	ctx = trace.ContextWithSpan(ctx, l.Span)
	if l.bag.Len() > 0 && baggage.FromContext(ctx).Len() == 0 {
		ctx = baggage.ContextWithBaggage(ctx, l.bag)
	}
	return ctx, l
}

// linkOf returns the span of ctx, which was started in up, if it was in any; or
// nil if ctx has none.
func linkOf(ctx context.Context, up *link) *link {
	span := trace.SpanFromContext(ctx)
	if !span.SpanContext().IsValid() {
		return nil
	}
	return &link{Span: span, up: up, bag: baggage.FromContext(ctx)}
}
