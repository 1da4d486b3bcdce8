package main

import (
	"io"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxgrpc"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var (
	requestID = ctxvar.New[string]("request_id")
	tenant    = ctxvar.New("tenant", ctxvar.Default("public"))
)

// propagator sends the trace and, as baggage, the tenant. The request's ID is sent in a
// header, which programs without tracing understand too.
var propagator = propagation.NewCompositeTextMapPropagator(
	propagation.TraceContext{},
	propagation.Baggage{},
	ctxotel.NewPropagator(ctxwire.String(tenant, "tenant")),
)

// fields are used by all servers and clients: the trace, and the request's ID.
var fields = []ctxwire.Field{ctxotel.Field(), ctxwire.RequestID(requestID)}

// NewLogger returns a logger that adds to each record for whom it was written.
func NewLogger(w io.Writer) *slog.Logger {
	attrs := append(ctxotel.LogAttrs(), ctxslog.Var(requestID), ctxslog.Var(tenant))
	return slog.New(ctxslog.NewHandler(slog.NewJSONHandler(w, nil), attrs...))
}

// Handler returns an http.Handler for the handlers of a service.
func Handler(provider trace.TracerProvider, handlers http.Handler) http.Handler {
	return otelhttp.NewHandler(ctxhttp.Middleware(fields...)(handlers), "server",
		otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(propagator))
}

// NewHTTPClient returns a client for the other HTTP services.
func NewHTTPClient(provider trace.TracerProvider) *http.Client {
	// From the outside in: the current span goes into the ctx; otelhttp makes a child of
	// it, and writes the propagated fields into the headers. Connections inherit no
	// variables.
	instrumented := otelhttp.NewTransport(ctxhttp.Detach(nil),
		otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(propagator))
	return &http.Client{Transport: ctxhttp.NewTransport(instrumented, fields...)}
}

// ServerOptions returns the options of a gRPC server.
func ServerOptions(provider trace.TracerProvider) []grpc.ServerOption {
	return append(ctxgrpc.ServerOptions(fields...),
		grpc.StatsHandler(otelgrpc.NewServerHandler(
			otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(propagator))))
}

// DialOptions returns the options of a connection to a gRPC service.
func DialOptions(provider trace.TracerProvider) []grpc.DialOption {
	return append(ctxgrpc.DialOptions(fields...),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(
			otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(propagator))))
}
