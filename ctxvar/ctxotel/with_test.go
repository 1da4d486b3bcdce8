package ctxotel_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

// instrumented does in short what otelhttp does for a server: the parent comes from the
// headers, and the span is in the request's ctx.
func instrumented(tracer trace.Tracer, propagator propagation.TextMapPropagator, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, r.URL.Path, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		r = r.WithContext(ctx)
		next.ServeHTTP(w, r)
		span.SetName(r.Pattern)
	})
}

// A clientInstrument does in short what otelhttp does for a client.
type clientInstrument struct {
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	base       http.RoundTripper
}

func (c clientInstrument) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, span := c.tracer.Start(r.Context(), "call", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	r = r.Clone(ctx)
	c.propagator.Inject(ctx, propagation.HeaderCarrier(r.Header))
	return c.base.RoundTrip(r)
}

// A request is in one trace from the client's code to the server's, neither of which
// has a ctx, and the tenant goes with it.
func TestOverHTTP(t *testing.T) {
	tracer, plain, exporter := newTracer(t)
	propagator := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}, both)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /things/{id}", func(w http.ResponseWriter, r *http.Request) {
		defer tracer.Start("work").End()
		user.Set("left over")
		io.WriteString(w, tenant.Get())
	})
	srv := httptest.NewServer(instrumented(plain, propagator, ctxotel.Middleware(mux)))
	defer srv.Close()
	client := http.Client{Transport: ctxotel.NewTransport(clientInstrument{plain, propagator, srv.Client().Transport})}
	get := func() string {
		resp, err := client.Get(srv.URL + "/things/1") // no ctx
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(body)
	}

	func() {
		defer tracer.Start("main").End()
		tenant.With("acme", func() { assert.Equal(t, "acme", get()) })
	}()
	srv.Close() // the server's span has ended then
	assert.Equal(t, map[string]record{
		"main":             {},
		"call":             {parent: "main"},
		"GET /things/{id}": {parent: "call"},
		"work":             {parent: "GET /things/{id}"},
	}, spans(t, exporter))
}

// Requests on one connection share the goroutine, and nothing else.
func TestNextRequestIsClean(t *testing.T) {
	_, plain, exporter := newTracer(t)
	srv := httptest.NewServer(instrumented(plain, both, ctxotel.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, tenant.Get()+" "+user.Get()+" "+ctxotel.Span().SpanContext().TraceID().String())
		tenant.Set("left over")
		user.Set("left over")
	}))))
	defer srv.Close()
	seen := map[string]bool{}
	for _, want := range []string{"acme ", "public ", "acme "} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
		require.NoError(t, err)
		if want == "acme " {
			r.Header.Set("Baggage", "tenant=acme")
		}
		resp, err := srv.Client().Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		assert.Equal(t, want, string(body[:len(want)]))
		seen[string(body[len(want):])] = true
	}
	assert.Len(t, seen, 3, "traces")
	_ = exporter
}

// Baggage that came with the trace is in the ctx of spans that are started
// without one, where processors look for it.
func TestBaggageReachesProcessors(t *testing.T) {
	seen := make(chan string, 8)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(onStart(func(ctx context.Context) {
		seen <- baggage.FromContext(ctx).Member("session").Value()
	})), sdktrace.WithSyncer(tracetest.NewInMemoryExporter()))
	defer provider.Shutdown(context.Background())
	plain := provider.Tracer("test")
	tracer := ctxotel.NewTracer(plain)

	ctx := propagation.Baggage{}.Extract(t.Context(), propagation.MapCarrier{"baggage": "session=s1"})
	ctx, request := plain.Start(ctx, "request")
	defer request.End()
	ctxotel.With(ctx, func(ctx context.Context) {
		defer tracer.Start("outer").End()
		tracer.Start("inner").End()
		_, span := plain.Start(ctxotel.Context(context.Background()), "by hand")
		span.End()
		_, span = tracer.StartContext(ctx, "both")
		tracer.Start("in both").End()
		span.End()
	})
	for range 6 {
		assert.Equal(t, "s1", <-seen)
	}
}

type onStart func(context.Context)

func (f onStart) OnStart(ctx context.Context, _ sdktrace.ReadWriteSpan) { f(ctx) }
func (onStart) OnEnd(sdktrace.ReadOnlySpan)                             {}
func (onStart) Shutdown(context.Context) error                          { return nil }
func (onStart) ForceFlush(context.Context) error                        { return nil }

func TestTransport(t *testing.T) {
	var rt recorder
	transport := ctxotel.NewTransport(&rt)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	transport.RoundTrip(r)
	assert.False(t, trace.SpanFromContext(rt.got.Context()).SpanContext().IsValid(), "no span to add")

	tracer, _, _ := newTracer(t)
	span := tracer.Start("span")
	defer span.End()
	transport.RoundTrip(r)
	assert.Equal(t, id(span), id(trace.SpanFromContext(rt.got.Context())))
	assert.False(t, trace.SpanFromContext(r.Context()).SpanContext().IsValid(), "the caller's request is the caller's")

	(&http.Client{Transport: transport}).CloseIdleConnections()
	assert.True(t, rt.closed)
	(&http.Client{Transport: ctxotel.NewTransport(struct{ http.RoundTripper }{&rt})}).CloseIdleConnections()

	defer func(rt http.RoundTripper) { http.DefaultTransport = rt }(http.DefaultTransport)
	byDefault := ctxotel.NewTransport(nil)
	var now recorder
	http.DefaultTransport = &now
	byDefault.RoundTrip(r)
	assert.NotNil(t, now.got, "the default of the time of the request")
}

// A recorder is a RoundTripper that answers nothing and keeps the request.
type recorder struct {
	got    *http.Request
	closed bool
}

func (rt *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	rt.got = r
	return nil, http.ErrHandlerTimeout
}

func (rt *recorder) CloseIdleConnections() { rt.closed = true }

func TestLogAttrs(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(ctxslog.NewHandler(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
				return slog.Attr{}
			}
			return a
		},
	}), ctxotel.LogAttrs()...))
	tracer, _, _ := newTracer(t)
	logger.Info("before")
	span := tracer.Start("span")
	logger.Info("inside")
	ctxotel.With(t.Context(), func(context.Context) { logger.Info("none") })
	span.End()
	assert.Equal(t, "msg=before\n"+
		"msg=inside trace_id="+span.SpanContext().TraceID().String()+" span_id="+id(span).String()+"\n"+
		"msg=none\n", out.String())
}
