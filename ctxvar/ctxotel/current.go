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
// default; [Span] always returns a span.
//
// Most programs need not use it, because [Tracer.Start] and [With] set it. It
// is for code that reads variables, such as a logger (see [LogAttrs]), and for
// tests. A span that is set directly becomes the parent of the next span like
// any other. The value may be a span that has ended, which Span does not
// return.
var Current = ctxvar.New[trace.Span]("otel.span")

// none is OpenTelemetry's span for code outside of any span. It records
// nothing.
var none = trace.SpanFromContext(context.Background())

// A link is a span as the value of [Current], together with the spans in which
// it was started, as far as these were current too.
type link struct {
	trace.Span // never nil, nor a link
	up         *link
	// bag is the baggage of the ctx that the trace came from, for span
	// processors that read it.
	bag baggage.Baggage

	// ctx is the ctx that has the span, for other values that tracers keep
	// there. It is nil once the span, or With, has ended, so goroutines that go
	// on do not keep it alive.
	ctx atomic.Pointer[context.Context]

	// recorded reports whether the span was recording when it became current.
	recorded bool
	// over reports whether the span was ended by the End method that Start
	// returned. For a span that never records, because it was not sampled,
	// nothing else shows that.
	over atomic.Bool
	// late is the span of the ctx given to With, if that span had ended by
	// then.
	late trace.SpanContext
	// token is the token of the assignment that made the span current. It is
	// nil if With, or the program, made it current.
	token *ctxvar.Token[trace.Span]
}

// newLink returns the link of a span that is in ctx.
func newLink(ctx context.Context, span trace.Span, up *link, bag baggage.Baggage) *link {
	l := &link{Span: span, up: up, bag: bag, recorded: span.IsRecording()}
	l.ctx.Store(&ctx)
	return l
}

// inside returns a ctx for starting a span in l, where there is no other ctx:
// the one that has l or, if that is gone, one with only the span.
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

// ended reports whether the span has ended, as far as that can be known: for a
// span that records until it ends.
func (l *link) ended() bool {
	return l.over.Load() || l.recorded && !l.Span.IsRecording()
}

// hasEnded is link.ended for a span that has no link: a span of the SDK that
// records has an end time.
func hasEnded(span trace.Span) bool {
	s, ok := span.(interface{ EndTime() time.Time })
	return ok && !s.EndTime().IsZero()
}

// current returns the goroutine's current span, or nil if it has none.
func current() *link { return alive(Current.Get()) }

// alive returns span or, if it has ended, the innermost of the spans in which
// it was started that has not ended, or nil if there is none. So a goroutine
// that outlives the span in which it was started, such as a worker of a pool,
// finally has no current span.
func alive(span trace.Span) *link {
	if span == nil || !span.SpanContext().IsValid() {
		return nil
	}
	l, ok := span.(*link)
	if !ok {
		if hasEnded(span) { // it was set directly
			return nil
		}
		return &link{Span: span}
	}
	for l != nil && l.ended() {
		l = l.up
	}
	return l
}

// is reports whether l is the span with context sc.
func (l *link) is(sc trace.SpanContext) bool {
	own := l.SpanContext()
	return own.SpanID() == sc.SpanID() && own.TraceID() == sc.TraceID()
}

// isWithin reports whether l was started in the span with context sc.
func (l *link) isWithin(sc trace.SpanContext) bool {
	for up := l.up; up != nil; up = up.up {
		if up.is(sc) {
			return true
		}
	}
	return false
}

// Span returns the goroutine's current span: of the spans that have not ended,
// the one that was started last, in this goroutine or in the one that started
// it. If there is none, it returns a span that records nothing, as
// [trace.SpanFromContext] does, and never nil.
func Span() trace.Span {
	if l := current(); l != nil {
		return l.Span
	}
	return none
}

// Context returns a copy of ctx with the goroutine's current span in it, for
// functions that take a ctx. Code that has no ctx may pass
// [context.Background].
//
// If ctx carries variables of another work (see [ctxvar.Effective]), the
// current span is the one among these: a worker of a pool traces for the
// request whose ctx it was given.
//
// If ctx already has a span, that span remains, because it may be newer than
// the goroutine's, unless the current span was started within it, or it has
// ended. If there is no current span, Context returns ctx itself, but without a
// span that has ended.
func Context(ctx context.Context) context.Context {
	ctx, _ = withCurrent(ctx)
	return ctx
}

// withCurrent is Context, and also returns the span in the ctx that it returns,
// or nil if there is none.
func withCurrent(ctx context.Context) (context.Context, *link) {
	return withCurrentOf(ctx, ctxvar.Effective(ctx))
}

// withCurrentOf is withCurrent with the values that apply to ctx.
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

// spanIn returns the span of ctx or, if that has ended as far as can be known,
// the innermost of the spans in which it was started that has not ended, or
// none. It also reports whether the span of ctx has ended.
func spanIn(ctx context.Context) (span trace.Span, ended bool) {
	span = trace.SpanFromContext(ctx)
	if span.IsRecording() || !span.SpanContext().IsValid() {
		return span, false
	}
	// StartContext has put the link of its span into the ctx too.
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

// linkOf returns the span of ctx, which was started in up, if in any. It
// returns nil if ctx has no span.
func linkOf(ctx context.Context, up *link) *link {
	span := trace.SpanFromContext(ctx)
	if !span.SpanContext().IsValid() {
		return nil
	}
	return newLink(ctx, span, up, baggage.FromContext(ctx))
}
