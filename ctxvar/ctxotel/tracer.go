package ctxotel

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Tracer starts spans that are children of the goroutine's current one. It may
// be used by several goroutines at the same time.
type Tracer struct{ tracer trace.Tracer }

// NewTracer returns a Tracer that starts spans with tracer, of which a library
// has one of its own name:
//
//	var tracer = ctxotel.NewTracer(otel.Tracer("example.com/store"))
//
// It panics if tracer is nil.
func NewTracer(tracer trace.Tracer) Tracer {
	if tracer == nil {
		panic("ctxotel: NewTracer of a nil trace.Tracer")
	}
	return Tracer{tracer}
}

// Start starts a span that is a child of the goroutine's current one, or a root
// if there is none, and makes it the current one. Its End method makes the one
// before current again:
//
//	defer tracer.Start("load").End()
//
// End is for the goroutine that called Start, and for the reverse of the order
// in which spans were started, as deferred calls have it. In another goroutine
// it ends the span but leaves the variable as it is, and tells the handler of
// [otel.SetErrorHandler] so. A deferred End records a panic on its way through,
// as OpenTelemetry's does.
func (t Tracer) Start(name string, opts ...trace.SpanStartOption) trace.Span {
	_, span := t.start(context.Background(), name, opts)
	return span
}

// StartContext is [Tracer.Start] for code that has a ctx: it does what
// [trace.Tracer] does with it, and sets the variable. The parent is the span of
// ctx or, as [Context] has it, the goroutine's current one. The ctx that is
// returned has the new span, and carries a snapshot of the goroutine's variables.
func (t Tracer) StartContext(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	ctx, span := t.start(ctx, name, opts)
	return ctxvar.NewContext(ctx), span
}

// Do calls fn in a new span, as [Tracer.Start] makes it, and ends that when fn
// returns, panics or calls [runtime.Goexit]. An error that fn returns is
// recorded, is the span's status, and is returned.
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

func (t Tracer) start(ctx context.Context, name string, opts []trace.SpanStartOption) (context.Context, trace.Span) {
	ctx, up := withCurrent(ctx)
	ctx, span := t.tracer.Start(ctx, name, opts...)
	if sc := span.SpanContext(); !sc.IsValid() || up != nil && up.is(sc) {
		// Nobody traces. What is current is as good a parent as this one.
		return ctx, span
	}
	l := &link{Span: span, up: up}
	if up != nil {
		l.bag = up.bag
	}
	return ctx, &started{Span: span, token: Current.Set(l)}
}

// A started span is the current one until it ends.
type started struct {
	trace.Span
	token *ctxvar.Token[trace.Span]
	ended atomic.Bool
}

func (s *started) End(opts ...trace.SpanEndOption) {
	// The SDK recovers and goes on panicking too, which only a function that is
	// itself deferred can do.
	if v := recover(); v != nil {
		s.recordPanic(v, opts)
		defer panic(v)
	}
	s.Span.End(opts...)
	if !s.ended.Swap(true) {
		s.leave()
	}
}

// leave makes the span before the current one.
func (s *started) leave() {
	defer func() {
		if v := recover(); v != nil {
			err, ok := v.(*ctxvar.TokenError)
			if !ok {
				panic(v)
			}
			otel.Handle(fmt.Errorf("ctxotel: span ended elsewhere than it was started: %w", err))
		}
	}()
	s.token.Reset()
}

// recordPanic adds the event that semantic conventions have for an exception.
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
