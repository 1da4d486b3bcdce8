package ctxotel_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
)

// Spans nest as calls do, and as goroutines are started.
func TestStart(t *testing.T) {
	tracer, _, exporter := newTracer(t)
	assert.False(t, ctxotel.Span().SpanContext().IsValid(), "no span yet")
	func() {
		defer tracer.Start("request").End()
		func() {
			defer tracer.Start("load").End()
			var all sync.WaitGroup
			for _, shard := range []string{"shard 1", "shard 2"} {
				all.Go(func() {
					defer tracer.Start(shard).End()
					ctxotel.Span().AddEvent("read")
				})
			}
			all.Wait()
		}()
		ctxotel.Span().AddEvent("loaded")
		tracer.Start("render").End()
	}()
	assert.False(t, ctxotel.Span().SpanContext().IsValid(), "no span any more")
	ctxotel.Span().AddEvent("is heard by nobody")

	assert.Equal(t, map[string]record{
		"request": {events: []string{"loaded"}},
		"load":    {parent: "request"},
		"shard 1": {parent: "load", events: []string{"read"}},
		"shard 2": {parent: "load", events: []string{"read"}},
		"render":  {parent: "request"},
	}, spans(t, exporter))
}

func TestStartOptions(t *testing.T) {
	tracer, _, exporter := newTracer(t)
	defer tracer.Start("outer").End()
	tracer.Start("root", trace.WithNewRoot(), trace.WithAttributes(attribute.Int("n", 1)), trace.WithSpanKind(trace.SpanKindProducer)).End()
	got := exporter.GetSpans()[0]
	assert.False(t, got.Parent.IsValid())
	assert.Equal(t, trace.SpanKindProducer, got.SpanKind)
	assert.Equal(t, []attribute.KeyValue{attribute.Int("n", 1)}, got.Attributes)
}

func TestDo(t *testing.T) {
	tracer, _, exporter := newTracer(t)
	failed := errors.New("no such row")
	defer tracer.Start("request").End()

	assert.NoError(t, tracer.Do("works", func() error {
		return tracer.Do("inner", func() error { return nil })
	}))
	assert.Equal(t, failed, tracer.Do("fails", func() error { return failed }))
	assert.PanicsWithValue(t, "oh", func() {
		tracer.Do("panics", func() error { panic("oh") })
	})
	ended := make(chan trace.SpanID)
	outer := id(ctxotel.Span())
	go func() {
		defer func() { ended <- id(ctxotel.Span()) }()
		tracer.Do("exits", func() error { runtime.Goexit(); return nil })
	}()
	assert.Equal(t, outer, <-ended)
	assert.Equal(t, outer, id(ctxotel.Span()))

	ctxotel.Span().End()
	assert.Equal(t, map[string]record{
		"request": {},
		"works":   {parent: "request"},
		"inner":   {parent: "works"},
		"fails":   {parent: "request", status: codes.Error, events: []string{"exception *errors.errorString no such row"}},
		"panics":  {parent: "request", events: []string{"exception string oh"}},
		"exits":   {parent: "request"},
	}, spans(t, exporter))
}

// A panic goes on with the value it had, and the stack is that of the panic.
func TestPanicStack(t *testing.T) {
	tracer, _, exporter := newTracer(t)
	failed := errors.New("oh")
	assert.PanicsWithValue(t, failed, func() {
		defer tracer.Start("panics").End(trace.WithStackTrace(true))
		func() { panicsDeepInside(failed) }()
	})
	event := exporter.GetSpans()[0].Events[0]
	var stack string
	for _, a := range event.Attributes {
		if a.Key == "exception.stacktrace" {
			stack = a.Value.AsString()
		}
	}
	assert.Contains(t, stack, "panicsDeepInside")
}

func panicsDeepInside(v any) { panic(v) }

// A span may be ended twice, as OpenTelemetry allows, and takes back only itself.
func TestEndTwice(t *testing.T) {
	tracer, _, exporter := newTracer(t)
	outer := tracer.Start("outer")
	inner := tracer.Start("inner")
	inner.End()
	inner.End()
	assert.Equal(t, id(outer), id(ctxotel.Span()))
	outer.End()
	assert.Len(t, exporter.GetSpans(), 2)
}

// handled collects what OpenTelemetry's error handler gets, for the rest of the test.
func handled(t *testing.T) *[]error {
	var mu sync.Mutex
	errs := new([]error)
	before := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		*errs = append(*errs, err)
	}))
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	return errs
}

// A span that is ended in another goroutine is no longer current in either of them.
func TestEndElsewhere(t *testing.T) {
	tracer, _, exporter := newTracer(t)
	errs := handled(t)
	outer := tracer.Start("outer")
	span := tracer.Start("handed on")
	done := make(chan trace.SpanID)
	go func() {
		span.End()
		done <- id(ctxotel.Span())
	}()
	assert.Equal(t, id(outer), <-done)
	assert.Equal(t, id(outer), id(ctxotel.Span()))
	tracer.Start("child").End()
	outer.End()
	assert.False(t, ctxotel.Span().SpanContext().IsValid())
	assert.Empty(t, *errs)
	assert.Equal(t, map[string]record{
		"outer":     {},
		"handed on": {parent: "outer"},
		"child":     {parent: "outer"},
	}, spans(t, exporter))
}

// Code with a ctx and code without one take turns, and each span is a child of the span
// that was started last.
func TestContextAndVariable(t *testing.T) {
	tracer, plain, exporter := newTracer(t)
	ctx, request := plain.Start(t.Context(), "request") // by instrumentation: in ctx alone
	ctxotel.With(ctx, func(ctx context.Context) {
		func() {
			// The variable's span is within that of the ctx.
			defer tracer.Start("variable").End()
			_, span := plain.Start(ctxotel.Context(ctx), "ctx in variable")
			span.End()
			ctx, span := tracer.StartContext(ctx, "both")
			defer span.End()
			tracer.Start("variable in both").End()
			_, inner := plain.Start(ctx, "ctx in both")
			inner.End()
		}()

		// The ctx's span is within that of the variable, which does not know it.
		ctx, span := plain.Start(ctx, "by hand")
		assert.Equal(t, id(span), id(trace.SpanFromContext(ctxotel.Context(ctx))))
		ctx2, span2 := tracer.StartContext(ctx, "in by hand")
		assert.Equal(t, id(span2), id(trace.SpanFromContext(ctx2)))
		tracer.Start("variable in in by hand").End()
		assert.Equal(t, id(span2), id(trace.SpanFromContext(ctxotel.Context(ctx))), "it was started within that of ctx")
		span2.End()
		span.End()

		// If the ctx has no span, only the variable's counts.
		assert.Equal(t, id(request), id(trace.SpanFromContext(ctxotel.Context(context.Background()))))
	})
	request.End()
	assert.Equal(t, map[string]record{
		"request":                {},
		"variable":               {parent: "request"},
		"ctx in variable":        {parent: "variable"},
		"both":                   {parent: "variable"},
		"variable in both":       {parent: "both"},
		"ctx in both":            {parent: "both"},
		"by hand":                {parent: "request"},
		"in by hand":             {parent: "by hand"},
		"variable in in by hand": {parent: "in by hand"},
	}, spans(t, exporter))
}

func TestContextWithoutSpan(t *testing.T) {
	assert.Equal(t, t.Context(), ctxotel.Context(t.Context()))
	tracer, _, exporter := newTracer(t)
	ctx, span := tracer.StartContext(t.Context(), "root")
	assert.Equal(t, id(span), id(trace.SpanFromContext(ctx)))
	c, ok := ctxvar.FromContext(ctx)
	require.True(t, ok)
	c.Run(func() { assert.Equal(t, id(span), id(ctxotel.Span())) })
	assert.Equal(t, ctx, ctxotel.Context(ctx), "nothing to add")
	span.End()
	assert.Equal(t, map[string]record{"root": {}}, spans(t, exporter))
}

// A span that a program sets by hand is current like any other.
func TestSetByHand(t *testing.T) {
	tracer, plain, exporter := newTracer(t)
	_, span := plain.Start(t.Context(), "by hand")
	ctxotel.Current.With(span, func() {
		assert.Equal(t, span, ctxotel.Span())
		tracer.Start("child").End()
	})
	span.End()
	assert.Equal(t, "by hand", spans(t, exporter)["child"].parent)
}

// Without a provider, spans do nothing, and the current one does not change.
func TestNobodyTraces(t *testing.T) {
	off := ctxotel.NewTracer(noop.NewTracerProvider().Tracer("off"))
	assert.NoError(t, off.Do("root", func() error {
		assert.False(t, ctxotel.Span().SpanContext().IsValid())
		return nil
	}))
	tracer, _, exporter := newTracer(t)
	span := tracer.Start("span")
	ctx, child := off.StartContext(t.Context(), "child")
	assert.Equal(t, id(span), id(ctxotel.Span()))
	assert.Equal(t, id(span), id(trace.SpanFromContext(ctx)))
	tracer.Start("grandchild").End()
	child.End()
	assert.Equal(t, id(span), id(ctxotel.Span()))
	span.End()
	assert.Equal(t, map[string]record{"span": {}, "grandchild": {parent: "span"}}, spans(t, exporter))
}

func TestNewTracerOfNil(t *testing.T) {
	assert.PanicsWithError(t, "ctxotel.NewTracer: nil trace.Tracer; pass that of a TracerProvider", func() { ctxotel.NewTracer(nil) })
}

// The chain of spans that Context walks ends where With begins, so it does not keep the
// span that was current outside.
func TestWithBeginsAnew(t *testing.T) {
	tracer, plain, exporter := newTracer(t)
	defer tracer.Start("server starts up").End()
	ctxotel.With(t.Context(), func(ctx context.Context) {
		assert.False(t, ctxotel.Span().SpanContext().IsValid(), "the ctx has none")
	})
	ctx, request := plain.Start(t.Context(), "request")
	ctxotel.With(ctx, func(context.Context) { tracer.Start("work").End() })
	request.End()
	assert.Equal(t, "request", spans(t, exporter)["work"].parent)
}
