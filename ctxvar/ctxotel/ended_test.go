package ctxotel_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

// samplers are the samplers of the spans: some record, and some don't.
var samplers = map[string]sdktrace.Sampler{"recording": sdktrace.AlwaysSample(), "not sampled": sdktrace.NeverSample()}

// Spans may end in any order: the current one is the innermost that has not ended.
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
			// A ctx that is passed makes no difference.
			_, child := tracer.StartContext(ctx, "child")
			assert.NotEqual(t, c.SpanContext().TraceID(), child.SpanContext().TraceID())
			child.End()
			assert.False(t, trace.SpanContextFromContext(ctxotel.Context(ctx)).IsValid())
			ctxotel.With(ctx, func(context.Context) { assert.False(t, ctxotel.Span().SpanContext().IsValid()) })
		})
	}
}

// A job that is done after its request is a trace of its own, with a link to the span
// that it was given.
func TestJobAfterItsRequest(t *testing.T) {
	tracer, plain, exporter := newTracer(t)
	ctx, request := plain.Start(t.Context(), "request")
	request.End()
	_, span := tracer.StartContext(ctx, "StartContext")
	span.End()
	ctxotel.With(ctx, func(inner context.Context) {
		assert.False(t, ctxotel.Span().SpanContext().IsValid())
		tracer.Start("Start").End()
		outer := tracer.Start("again")
		tracer.Start("child").End()
		outer.End()
		_, span := tracer.StartContext(context.Background(), "bare ctx")
		span.End()
		_, span = tracer.StartContext(inner, "inner")
		span.End()
	})
	for _, s := range exporter.GetSpans() {
		switch s.Name {
		case "request":
			continue
		case "child":
			assert.True(t, s.Parent.IsValid())
			assert.Empty(t, s.Links)
		default:
			assert.False(t, s.Parent.IsValid(), s.Name)
			if assert.Len(t, s.Links, 1, s.Name) {
				assert.Equal(t, request.SpanContext(), s.Links[0].SpanContext, s.Name)
			}
		}
	}
}

// If the span of a ctx has ended, the span around it is current as long as it goes on.
func TestCtxOfAnEndedSpanInAnother(t *testing.T) {
	for name, sampler := range samplers {
		t.Run(name, func(t *testing.T) {
			exporter := tracetest.NewInMemoryExporter()
			provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithSyncer(exporter))
			tracer := ctxotel.NewTracer(provider.Tracer("test"))
			outer := tracer.Start("outer")
			defer outer.End()
			ctx, inner := tracer.StartContext(t.Context(), "inner")
			ctxotel.With(ctx, func(context.Context) { assert.Equal(t, id(inner), id(ctxotel.Span())) })
			inner.End()
			ctxvar.Detach(func() { // as in a worker
				ctxotel.With(ctx, func(ctx context.Context) {
					assert.Equal(t, id(outer), id(ctxotel.Span()))
					assert.Equal(t, id(outer), id(trace.SpanFromContext(ctx)))
					tracer.Start("child").End()
				})
				assert.Equal(t, id(outer), trace.SpanContextFromContext(ctxotel.Context(ctx)).SpanID())
				_, span := tracer.StartContext(ctx, "job")
				assert.Equal(t, outer.SpanContext().TraceID(), span.SpanContext().TraceID())
				span.End()
			})
			for _, s := range exporter.GetSpans() {
				assert.Equal(t, outer.SpanContext(), s.Parent, s.Name)
			}
		})
	}
}

// A goroutine that outlives the span in which it was started, such as a worker of a
// pool that a request happened to start, does not go on in its name for ever.
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
	// A span of a tracer that does not report its end stays current as it was set.
	remote := trace.SpanFromContext(trace.ContextWithRemoteSpanContext(t.Context(), span.SpanContext()))
	ctxotel.Current.With(remote, func() { assert.Equal(t, id(span), id(ctxotel.Span())) })
}
