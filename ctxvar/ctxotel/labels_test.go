package ctxotel_test

import (
	"context"
	"runtime/pprof"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
)

// A labelling tracer puts labels on the goroutine with each span, like tracers that
// link traces to profiles.
type labelling struct{ trace.Tracer }

func (l labelling) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	outer, span := l.Tracer.Start(ctx, name, opts...)
	inner := pprof.WithLabels(outer, pprof.Labels("span", name))
	pprof.SetGoroutineLabels(inner)
	return inner, labelled{span, outer}
}

type labelled struct {
	trace.Span
	outer context.Context
}

func (l labelled) End(opts ...trace.SpanEndOption) {
	l.Span.End(opts...)
	pprof.SetGoroutineLabels(l.outer)
}

// A goroutine started in a span, or after it, inherits the variables, even if it reads
// one only after its parent has changed one, and even if nothing is traced.
func TestGoroutinesStartedUnderATracerThatLabels(t *testing.T) {
	for name, provider := range map[string]trace.TracerProvider{"traced": sdktrace.NewTracerProvider(), "not traced": noop.NewTracerProvider()} {
		t.Run(name, func(t *testing.T) {
			tracer := ctxotel.NewTracer(labelling{provider.Tracer("test")})
			defer tenant.Set("acme").Reset()
			inherits := func(where string) {
				changed, seen := make(chan struct{}), make(chan string, 1)
				go func() { <-changed; seen <- tenant.Get() }()
				tenant.With("other", func() { close(changed) })
				assert.Equal(t, "acme", <-seen, where)
			}
			span := tracer.Start("outer")
			inherits("in a span")
			tracer.Start("inner").End()
			inherits("after a nested span")
			_, inContext := tracer.StartContext(t.Context(), "with a ctx")
			inherits("in a span with a ctx")
			inContext.End()
			inherits("after that")
			span.End()
			inherits("after all")
		})
	}
}
