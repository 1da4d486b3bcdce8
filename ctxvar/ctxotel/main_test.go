package ctxotel_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	tenant = ctxvar.New("tenant", ctxvar.Default("public"))
	user   = ctxvar.New[string]("user")
)

// newTracer returns a tracer and the exporter that has its spans once they have
// ended.
func newTracer(t testing.TB) (ctxotel.Tracer, trace.Tracer, *tracetest.InMemoryExporter) {
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	tracer := provider.Tracer("test")
	return ctxotel.NewTracer(tracer), tracer, exporter
}

// A record has the parts of a span that the tests look at.
type record struct {
	parent string // its name, "" for a root
	status codes.Code
	events []string
}

// spans returns the spans that exporter has, by name. Names must be unique. It
// fails unless they all are of one trace.
func spans(t testing.TB, exporter *tracetest.InMemoryExporter) map[string]record {
	t.Helper()
	stubs := exporter.GetSpans()
	names := map[trace.SpanID]string{}
	for _, s := range stubs {
		names[s.SpanContext.SpanID()] = s.Name
		if s.SpanContext.TraceID() != stubs[0].SpanContext.TraceID() {
			t.Errorf("%s is of another trace than %s", s.Name, stubs[0].Name)
		}
	}
	records := map[string]record{}
	for _, s := range stubs {
		r := record{parent: names[s.Parent.SpanID()], status: s.Status.Code}
		for _, e := range s.Events {
			text := e.Name
			for _, a := range e.Attributes {
				if a.Key == "exception.message" || a.Key == "exception.type" {
					text += " " + a.Value.String()
				}
			}
			r.events = append(r.events, text)
		}
		records[s.Name] = r
	}
	if len(records) != len(stubs) {
		t.Errorf("%d spans have %d names", len(stubs), len(records))
	}
	return records
}

// id distinguishes spans.
func id(span trace.Span) trace.SpanID { return span.SpanContext().SpanID() }
