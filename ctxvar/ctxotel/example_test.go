package ctxotel_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// A Store traces what it does, and none of its methods has a ctx.
type Store struct{ tracer ctxotel.Tracer }

func (s Store) Load() {
	defer s.tracer.Start("load").End()
	s.query()
}

func (s Store) query() {
	defer s.tracer.Start("query").End()
	ctxotel.Span().AddEvent("cache miss")
}

func Example() {
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	defer provider.Shutdown(context.Background())

	store := Store{ctxotel.NewTracer(provider.Tracer("example.com/store"))}

	// A span of instrumentation that has it in a ctx, as otelhttp does.
	ctx, request := provider.Tracer("server").Start(context.Background(), "GET /things")
	ctxotel.With(ctx, func(context.Context) { store.Load() })
	request.End()

	names := map[trace.SpanID]string{}
	for _, span := range exporter.GetSpans() {
		names[span.SpanContext.SpanID()] = span.Name
	}
	for _, span := range exporter.GetSpans() {
		fmt.Printf("%q is a child of %q\n", span.Name, names[span.Parent.SpanID()])
	}
	// Output:
	// "query" is a child of "load"
	// "load" is a child of "GET /things"
	// "GET /things" is a child of ""
}

var currentUser = ctxvar.New[string]("current_user")

func ExamplePropagator() {
	propagator := ctxotel.NewPropagator(ctxwire.String(currentUser, "enduser.id"))

	// This is what a client's instrumentation does, with the headers of a request.
	headers := propagation.MapCarrier{}
	currentUser.With("zoë, admin", func() {
		propagator.Inject(context.Background(), headers)
	})
	fmt.Println(headers)

	// And this is what a server's does.
	ctx := propagator.Extract(context.Background(), headers)
	ctxotel.With(ctx, func(context.Context) { fmt.Println(currentUser.Get()) })
	// Output:
	// map[baggage:enduser.id=zo%C3%AB%2C%20admin]
	// zoë, admin
}
