package ctxotel_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

// samplers are what spans may be started with: some record, and some don't.
var samplers = map[string]sdktrace.Sampler{"recording": sdktrace.AlwaysSample(), "not sampled": sdktrace.NeverSample()}

// Spans may end in any order: what is current is the innermost one that has not.
func TestEndOutOfOrder(t *testing.T) {
	for name, sampler := range samplers {
		t.Run(name, func(t *testing.T) {
			tracer := ctxotel.NewTracer(sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler)).Tracer("test"))
			outer := tracer.Start("outer")
			a, b := tracer.Start("a"), tracer.Start("b")
			ctx, c := tracer.StartContext(t.Context(), "c")
			a.End()
			assert.Equal(t, id(c), id(ctxotel.Span()))
			c.End()
			assert.Equal(t, id(b), id(ctxotel.Span()))
			b.End()
			assert.Equal(t, id(outer), id(ctxotel.Span()), "not a, which has ended")
			b.End()
			outer.End()
			assert.False(t, ctxotel.Span().SpanContext().IsValid())
			assert.Nil(t, ctxotel.Current.Get(), "the goroutine keeps none of them")

			root := tracer.Start("root")
			assert.NotEqual(t, a.SpanContext().TraceID(), root.SpanContext().TraceID())
			root.End()
			// A ctx that is given says what it says.
			_, child := tracer.StartContext(ctx, "child")
			assert.Equal(t, c.SpanContext().TraceID(), child.SpanContext().TraceID())
			child.End()
		})
	}
}

// A goroutine that outlives the span in which it was started, a worker of a pool that
// a request happened to start, does not go on for ever in its name.
func TestWorkerOutlivesItsSpan(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(ctxslog.NewHandler(slog.NewTextHandler(&log, nil), ctxotel.LogAttrs()...))
	tracer, plain, _ := newTracer(t)
	jobs := make(chan func())
	defer close(jobs)
	done := make(chan bool)
	do := func(job func()) {
		jobs <- func() { job(); done <- true }
		<-done
	}

	ctx, request := plain.Start(t.Context(), "request") // as otelhttp does
	ctxotel.With(ctx, func(context.Context) {
		tracer.Do("handle", func() error {
			go func() {
				for job := range jobs {
					job()
				}
			}()
			do(func() {
				assert.Equal(t, request.SpanContext().TraceID(), ctxotel.Span().SpanContext().TraceID(), "while it lasts")
			})
			return nil
		})
		do(func() { assert.Equal(t, id(request), id(ctxotel.Span()), "the span around it lasts") })
	})
	request.End()
	do(func() {
		assert.False(t, ctxotel.Span().SpanContext().IsValid())
		assert.Equal(t, context.Background(), ctxotel.Context(context.Background()))
		logger.Info("job")
		span := tracer.Start("job")
		assert.NotEqual(t, request.SpanContext().TraceID(), span.SpanContext().TraceID())
		assert.Equal(t, id(span), id(ctxotel.Span()))
		span.End()
		assert.False(t, ctxotel.Span().SpanContext().IsValid())
	})
	assert.NotContains(t, log.String(), "trace_id")
}

// A span that was set by hand and has ended is not current either.
func TestSetByHandAndEnded(t *testing.T) {
	_, plain, _ := newTracer(t)
	_, span := plain.Start(t.Context(), "by hand")
	ctxotel.Current.With(span, func() {
		assert.Equal(t, id(span), id(ctxotel.Span()))
		span.End()
		assert.False(t, ctxotel.Span().SpanContext().IsValid())
	})
	// One of a tracer that says nothing of its end is as current as it was set.
	remote := trace.SpanFromContext(trace.ContextWithRemoteSpanContext(t.Context(), span.SpanContext()))
	ctxotel.Current.With(remote, func() { assert.Equal(t, id(span), id(ctxotel.Span())) })
}
