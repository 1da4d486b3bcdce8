package ctxotel

import (
	"context"
	"sync/atomic"
	"time"

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
// The value may be a span that has ended, which Span does not return.
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

	// ctx is that which the span is in, for what tracers keep in there beside it. It is
	// nil once the span, or With, has ended: goroutines that go on don't keep it.
	ctx atomic.Pointer[context.Context]

	// recorded tells that the span was recording when it became the current one.
	recorded bool
	// over tells that the span was ended by the End method that Start returned. It is
	// all that tells of a span that never records, since nobody sampled it.
	over atomic.Bool
	// late is the span of the ctx that With was given, if that had ended by then.
	late trace.SpanContext
	// token is that of the assignment that made it the current one; nil for one that
	// With, or the program, made so.
	token *ctxvar.Token[trace.Span]
}

// newLink returns the link of a span that is in ctx.
func newLink(ctx context.Context, span trace.Span, up *link, bag baggage.Baggage) *link {
	l := &link{Span: span, up: up, bag: bag, recorded: span.IsRecording()}
	l.ctx.Store(&ctx)
	return l
}

// inside returns a ctx to start a span of l with, where there is no other: the one
// that l is in or, if that is gone, one with the span alone.
func (l *link) inside() context.Context {
	if l == nil {
		return context.Background()
	}
	if ctx := l.ctx.Load(); ctx != nil {
		return *ctx
	}
	return l.in(context.Background())
}

// in returns a copy of ctx that has the span, and the baggage if ctx has none.
func (l *link) in(ctx context.Context) context.Context {
	ctx = trace.ContextWithSpan(ctx, l.Span)
	if l.bag.Len() > 0 && baggage.FromContext(ctx).Len() == 0 {
		ctx = baggage.ContextWithBaggage(ctx, l.bag)
	}
	return ctx
}

// ended reports whether the span has ended, as far as that can be known: a span that
// records until it ends.
func (l *link) ended() bool {
	return l.over.Load() || l.recorded && !l.Span.IsRecording()
}

// hasEnded is link.ended of a span that has no link: what the SDK records into has a
// time of its end.
func hasEnded(span trace.Span) bool {
	s, ok := span.(interface{ EndTime() time.Time })
	return ok && !s.EndTime().IsZero()
}

// current returns the goroutine's current span, or nil if it has none.
func current() *link { return alive(Current.Get()) }

// alive returns span or, if it has ended, the innermost of those that it was started
// in that has not; or nil if there is none. A goroutine that outlives the span which
// it was started in, such as a worker of a pool, so has none in the end.
func alive(span trace.Span) *link {
	if span == nil || !span.SpanContext().IsValid() {
		return nil
	}
	l, ok := span.(*link)
	if !ok {
		if hasEnded(span) { // it was set by hand
			return nil
		}
		return &link{Span: span}
	}
	for l != nil && l.ended() {
		l = l.up
	}
	return l
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

// Span returns the goroutine's current span: the one that was started last, here or
// in the goroutine that started this one, of those that have not ended. Where there is
// none it returns one that records nothing, as [trace.SpanFromContext] does; it never
// returns nil.
func Span() trace.Span {
	if l := current(); l != nil {
		return l.Span
	}
	return none
}

// Context returns a copy of ctx with the goroutine's current span in it, for
// what takes a ctx. Code that has none at hand may give [context.Background].
//
// If ctx carries variables of another piece of work, see [ctxvar.Effective], the current
// span is the one among these: a worker of a pool traces in the name of whatever request
// it was given the ctx of.
//
// If ctx has a span already it stays, for it may be a newer one than the
// goroutine knows of, unless the current span was started within it, or it has ended. If
// there is no current span, ctx is returned as it is, but without a span that has ended.
func Context(ctx context.Context) context.Context {
	ctx, _ = withCurrent(ctx)
	return ctx
}

// withCurrent is Context, and returns the span that is in the ctx it returns, or
// nil if there is none.
func withCurrent(ctx context.Context) (context.Context, *link) {
	return withCurrentOf(ctx, ctxvar.Effective(ctx))
}

// withCurrentOf is withCurrent where the values are known that count for ctx.
func withCurrentOf(ctx context.Context, values *ctxvar.Context) (context.Context, *link) {
	span, _ := Current.In(values)
	l := alive(span)
	given, ended := spanIn(ctx)
	if ended {
		ctx = trace.ContextWithSpan(ctx, given)
	}
	switch sc := given.SpanContext(); {
	case l == nil:
		return ctx, linkOf(ctx, nil)
	case !sc.IsValid() || l.isWithin(sc):
		return l.in(ctx), l
	case l.is(sc):
		return ctx, l
	default:
		return ctx, linkOf(ctx, l)
	}
}

// spanIn returns the span of ctx or, if that has ended, as far as it can be known, the
// innermost of those that it was started in that has not, or else none; and whether it
// has ended.
func spanIn(ctx context.Context) (span trace.Span, ended bool) {
	span = trace.SpanFromContext(ctx)
	if span.IsRecording() || !span.SpanContext().IsValid() {
		return span, false
	}
	// StartContext has put the link of its span into the ctx, too.
	if values, ok := ctxvar.FromContext(ctx); ok {
		held, _ := Current.In(values)
		for l, _ := held.(*link); l != nil; l = l.up {
			if !l.is(span.SpanContext()) {
				continue
			}
			if !l.ended() {
				return span, false
			}
			if l = alive(l); l != nil {
				return l.Span, true
			}
			return none, true
		}
	}
	if hasEnded(span) {
		return none, true
	}
	return span, false
}

// linkOf returns the span of ctx, which was started in up, if it was in any; or
// nil if ctx has none.
func linkOf(ctx context.Context, up *link) *link {
	span := trace.SpanFromContext(ctx)
	if !span.SpanContext().IsValid() {
		return nil
	}
	return newLink(ctx, span, up, baggage.FromContext(ctx))
}
