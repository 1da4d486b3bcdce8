package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	otelpyroscope "github.com/grafana/otel-profiling-go"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

// A logChecker checks each line that is logged. The attribute want says for whom the
// line is, and the handler adds the values of the variables.
type logChecker struct{ checks *checks }

func (l logChecker) Write(line []byte) (int, error) {
	var record struct{ Msg, Want, Request string }
	if err := json.Unmarshal(line, &record); err != nil {
		l.checks.fail("log", err.Error())
	} else if record.Want != "" {
		l.checks.same("log: "+record.Msg, record.Want, record.Request)
	}
	return len(line), nil
}

func newLogger(c *checks) *slog.Logger {
	return slog.New(ctxslog.NewHandler(slog.NewJSONHandler(logChecker{c}, nil), ctxslog.Var(request)))
}

// A spanChecker checks each span that ends. An attribute of the span says for whom it
// is, and all spans of a trace must say the same.
type spanChecker struct {
	checks *checks

	mu     sync.Mutex
	traces map[trace.TraceID]string
	order  []trace.TraceID // of traces, the oldest first
}

// newTracer returns a tracer that labels goroutines at each span, like profilers that
// connect profiles with traces.
func newTracer(c *checks) ctxotel.Tracer {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(&spanChecker{checks: c, traces: map[trace.TraceID]string{}}))
	labelling := otelpyroscope.NewTracerProvider(provider, otelpyroscope.WithSpanIDLabelScope(otelpyroscope.ScopeAllSpans))
	return ctxotel.NewTracer(labelling.Tracer("soak"))
}

// whose returns the attribute that says for whom a span is.
func whose(want string) trace.SpanStartEventOption {
	return trace.WithAttributes(attribute.String("want", want))
}

func (s *spanChecker) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

func (s *spanChecker) OnEnd(span sdktrace.ReadOnlySpan) {
	want := ""
	for _, a := range span.Attributes() {
		if a.Key == "want" {
			want = a.Value.AsString()
		}
	}
	id := span.SpanContext().TraceID()
	s.mu.Lock()
	first, known := s.traces[id]
	if !known {
		s.traces[id] = want
		s.order = append(s.order, id)
		if len(s.order) > 10_000 { // long after the request of the oldest trace
			delete(s.traces, s.order[0])
			s.order = s.order[1:]
		}
	}
	s.mu.Unlock()
	if known {
		s.checks.same("span: "+span.Name(), first, want)
	}
}

func (s *spanChecker) Shutdown(context.Context) error   { return nil }
func (s *spanChecker) ForceFlush(context.Context) error { return nil }
