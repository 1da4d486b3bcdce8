package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
)

// A Shop is the three services on loopback.
type Shop struct {
	URL       string // of the API
	StopStock func() // stops that service, and waits until it has ended

	stops []func() error
}

// Open starts a shop, which must be closed. Each service has a provider of its own, as
// in a process of its own. They share the exporter, and w, to which they log.
func Open(w io.Writer, exporter sdktrace.SpanExporter) (*Shop, error) {
	s := new(Shop)
	service := func(name string) (*sdktrace.TracerProvider, ctxotel.Tracer, *slog.Logger) {
		provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter),
			sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", name))))
		s.onClose(func() error { return provider.ForceFlush(context.Background()) })
		return provider, ctxotel.NewTracer(provider.Tracer("example.com/" + name)), NewLogger(w).With("service", name)
	}

	provider, tracer, log := service("stock")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer(ServerOptions(provider)...)
	RegisterStock(server, &Stock{Log: log, Tracer: tracer})
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // returns an error when it is stopped
	s.StopStock = func() { server.GracefulStop(); serving.Wait() }
	s.onClose(func() error { s.StopStock(); return nil })

	provider, tracer, log = service("catalog")
	conn, err := grpc.NewClient(listener.Addr().String(),
		append(DialOptions(provider), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.onClose(conn.Close)
	catalog := httptest.NewServer(Handler(provider,
		(&Catalog{Log: log, Tracer: tracer, Stock: StockClient{Conn: conn}}).Handlers()))
	s.onClose(func() error { catalog.Close(); return nil })

	provider, tracer, log = service("api")
	client := NewHTTPClient(provider)
	s.onClose(func() error { client.CloseIdleConnections(); return nil })
	api := httptest.NewServer(Handler(provider,
		(&API{Log: log, Tracer: tracer, Client: client, Catalog: catalog.URL}).Handlers()))
	s.onClose(func() error { api.Close(); return nil })
	s.URL = api.URL
	return s, nil
}

func (s *Shop) onClose(stop func() error) { s.stops = append(s.stops, stop) }

// Close ends the services in the reverse order of their start, and so all their spans.
// A second call does nothing.
func (s *Shop) Close() error {
	var errs []error
	for len(s.stops) > 0 {
		last := len(s.stops) - 1
		errs = append(errs, s.stops[last]())
		s.stops = s.stops[:last]
	}
	return errors.Join(errs...)
}
