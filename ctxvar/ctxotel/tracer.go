package ctxotel

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Tracer starts spans that are children of the goroutine's current one. It may
// be used by several goroutines at the same time.
type Tracer struct{ tracer trace.Tracer }

// NewTracer returns a Tracer that starts spans with tracer. A library usually
// has one with its own name:
//
//	var tracer = ctxotel.NewTracer(otel.Tracer("example.com/store"))
//
// It panics with a [*ctxvar.UsageError] if tracer is nil.
func NewTracer(tracer trace.Tracer) Tracer {
	if tracer == nil {
		panic(&ctxvar.UsageError{Func: "ctxotel.NewTracer", Problem: "nil trace.Tracer; pass that of a TracerProvider"})
	}
	return Tracer{tracer}
}

// Start starts a child of the goroutine's current span, or a root span if there
// is none, and makes it current. Its End method makes the previous span current
// again:
//
//	defer tracer.Start("load").End()
//
// A span that has ended is current nowhere, and is never used as a parent. That
// holds even if spans end in an order other than the reverse of that in which
// they were started, if End is called in another goroutine, and in a goroutine
// that was started in the span and goes on. The current span there is the
// innermost surrounding span that has not ended, or none. (The end of a span
// cannot be detected if [With] made it current and it records nothing because
// it was not sampled.)
// A deferred End records a panic that passes through it, as OpenTelemetry's
// does.
func (t Tracer) Start(name string, opts ...trace.SpanStartOption) trace.Span {
	up := current()
	if up == nil {
		opts = withLink(opts, lateHere(Current.Get()))
	}
	// The tracer may put labels on the goroutine. The ctx carries the
	// variables, so they survive that.
	ctx, span := t.tracer.Start(ctxvar.NewContext(up.inside()), name, opts...)
	if l := up.child(ctx, span); l != nil {
		return l.begin()
	}
	return untracedOf(span)
}

// StartContext is [Tracer.Start] for code that has a ctx: it does what
// [trace.Tracer] does with the ctx, and also sets the variable. The parent is
// the span of ctx or otherwise, as with [Context], the current span. If there
// is neither, but ctx has a span that has ended, the new span is a root with a
// link to that one. The returned ctx has the new span, and carries a snapshot
// of the goroutine's variables, or of those that ctx carries if they belong to
// another work (see [ctxvar.Effective]).
func (t Tracer) StartContext(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	values := ctxvar.Effective(ctx) // ours alone
	given := trace.SpanContextFromContext(ctx)
	ctx, up := withCurrentOf(ctx, values)
	if up == nil {
		if held, _ := Current.In(values); !given.IsValid() {
			given = lateHere(held)
		}
		opts = withLink(opts, given)
	}
	values.Run(func() { ctx = ctxvar.NewContext(ctx) })
	ctx, span := t.tracer.Start(ctx, name, opts...)
	l := up.child(ctx, span)
	if l == nil {
		return ctx, untracedOf(span)
	}
	values.Run(func() {
		Current.Set(l)
		ctx = ctxvar.NewContext(ctx)
	})
	return ctx, l.begin()
}

// lateHere returns the ended span that With has recorded in span, the value of
// Current.
func lateHere(span trace.Span) trace.SpanContext {
	if l, ok := span.(*link); ok {
		return l.late
	}
	return trace.SpanContext{}
}

// withLink returns opts, which are those of a span without a parent, with a
// link to ended, the span that would be the parent if it had not ended, if
// there is one.
func withLink(opts []trace.SpanStartOption, ended trace.SpanContext) []trace.SpanStartOption {
	if !ended.IsValid() {
		return opts
	}
	return append(opts[:len(opts):len(opts)], trace.WithLinks(trace.Link{SpanContext: ended}))
}

// Do calls fn in a new span, made as by [Tracer.Start], and ends the span when
// fn returns, panics or calls [runtime.Goexit]. An error of fn is recorded,
// becomes the span's status, and is returned.
func (t Tracer) Do(name string, fn func() error, opts ...trace.SpanStartOption) error {
	span := t.Start(name, opts...)
	defer span.End()
	err := fn()
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
	return err
}

// child returns the link of a span that is in ctx and was started in l, which
// may be nil. It returns nil if nothing is traced; the current span is then as
// good a parent.
func (l *link) child(ctx context.Context, span trace.Span) *link {
	if sc := span.SpanContext(); !sc.IsValid() || l != nil && l.is(sc) {
		return nil
	}
	var bag baggage.Baggage
	if l != nil {
		bag = l.bag
	}
	return newLink(ctx, span, l, bag)
}

// begin makes l current, and returns its span for the program to end.
func (l *link) begin() trace.Span {
	l.token = Current.Set(l)
	return &started{l.Span, l}
}

// A started span is the current one until it ends.
type started struct {
	trace.Span
	link *link
}

func (s *started) End(opts ...trace.SpanEndOption) {
	// The SDK also recovers and panics again, but only a function that is
	// itself deferred can do that.
	if v := recover(); v != nil {
		s.recordPanic(v, opts)
		defer panic(v)
	}
	s.Span.End(opts...)
	s.link.over.Store(true)
	s.link.ctx.Store(nil)
	leave()
}

// An untraced span is one of a tracer that traces nothing, but may still put labels on
// the goroutine.
type untraced struct{ trace.Span }

// untracedOf returns span for the program to end. In the default mode, goroutines that
// are started under labels of other code may inherit nothing; reading a variable here
// prevents that.
func untracedOf(span trace.Span) trace.Span {
	Current.Get()
	return untraced{span}
}

func (u untraced) End(opts ...trace.SpanEndOption) {
	u.Span.End(opts...)
	Current.Get()
}

// leave removes ended spans from the running goroutine's variable, so that it
// does not keep them alive. It cannot remove those that were made current
// elsewhere; alive skips them.
func leave() {
	for {
		l, ok := Current.Get().(*link)
		if !ok || l.token == nil || !l.ended() || !tryReset(l.token) {
			return
		}
	}
}

// tryReset resets the token, and reports whether this goroutine could do so and
// the token was unused.
func tryReset(token *ctxvar.Token[trace.Span]) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			if _, misused := v.(*ctxvar.TokenError); !misused {
				panic(v)
			}
		}
	}()
	token.Reset()
	return true
}

// recordPanic adds the event that the semantic conventions define for an
// exception.
func (s *started) recordPanic(v any, opts []trace.SpanEndOption) {
	attrs := []attribute.KeyValue{
		attribute.String("exception.type", reflect.TypeOf(v).String()),
		attribute.String("exception.message", fmt.Sprint(v)),
	}
	if c := trace.NewSpanEndConfig(opts...); c.StackTrace() {
		attrs = append(attrs, attribute.String("exception.stacktrace", string(debug.Stack())))
	}
	s.AddEvent("exception", trace.WithAttributes(attrs...))
}
