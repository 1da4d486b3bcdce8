package ctxotel_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

// A worker of a pool was started by a request that is still open. It traces, logs and
// sends in the name of the ctx that a job is given.
func TestWorkersTraceByCtx(t *testing.T) {
	tracer, plain, exporter := newTracer(t)
	var log bytes.Buffer
	logger := slog.New(ctxslog.NewHandler(slog.NewTextHandler(&log, nil), append(ctxotel.LogAttrs(), ctxslog.Var(tenant))...))
	jobs, done := make(chan func()), make(chan bool)
	defer close(jobs)
	do := func(job func()) {
		jobs <- func() { job(); done <- true }
		<-done
	}
	request := func(name string, handle func(context.Context)) {
		ctx, span := plain.Start(t.Context(), name)
		defer span.End()
		ctxvar.Work(func() {
			ctxotel.With(ctx, func(ctx context.Context) {
				tenant.Set(name)
				handle(ctxvar.NewContext(ctx))
			})
		})
	}
	traceOf := func(ctx context.Context) trace.TraceID { return trace.SpanFromContext(ctx).SpanContext().TraceID() }

	request("acme", func(context.Context) {
		go func() {
			for job := range jobs {
				job()
			}
		}()
		ctxvar.Detach(func() { // it is not done when the other one is
			request("bravo", func(bravo context.Context) {
				bravo = trace.ContextWithSpan(bravo, nil) // the snapshot has the span, too
				do(func() {
					assert.Equal(t, traceOf(ctxotel.Context(bravo)), bravoTrace(bravo))
					ctx, span := tracer.StartContext(bravo, "StartContext")
					assert.Equal(t, bravoTrace(bravo), span.SpanContext().TraceID())
					c, ok := ctxvar.FromContext(ctx)
					require.True(t, ok)
					carried, _ := tenant.In(c)
					assert.Equal(t, "bravo", carried, "and not what the worker has inherited")
					span.End()

					logger.InfoContext(bravo, "job")
					carrier := propagation.MapCarrier{}
					both.Inject(bravo, carrier)
					assert.Equal(t, "tenant=bravo", carrier["baggage"])
					ctxotel.With(ctxotel.Context(bravo), func(ctx context.Context) {
						assert.Equal(t, "bravo", tenant.Get())
						tracer.Start("Start").End()
					})
				})
				assert.Contains(t, log.String(), "trace_id="+bravoTrace(bravo).String())
				assert.Contains(t, log.String(), "tenant=bravo")
			})
		})
	})
	names := map[string]trace.TraceID{}
	for _, s := range exporter.GetSpans() {
		names[s.Name] = s.SpanContext.TraceID()
	}
	assert.NotEqual(t, names["acme"], names["bravo"])
	assert.Equal(t, names["bravo"], names["StartContext"])
	assert.Equal(t, names["bravo"], names["Start"])
}

// bravoTrace returns the trace of the current span that ctx carries.
func bravoTrace(ctx context.Context) trace.TraceID {
	c, _ := ctxvar.FromContext(ctx)
	span, _ := ctxotel.Current.In(c)
	return span.SpanContext().TraceID()
}
