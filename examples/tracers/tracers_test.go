package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

func Example() {
	main()
	// Output:
	// Pyroscope: tenant acme, in a goroutine with the labels span_id, span_name, trace_id
	// Datadog: tenant acme, in a goroutine with the labels span id, trace endpoint
}

// overTracers runs a test over each tracer that puts labels on goroutines.
func overTracers(t *testing.T, test func(t *testing.T, provider trace.TracerProvider)) {
	t.Run("Pyroscope", func(t *testing.T) {
		test(t, pyroscope())
	})
	t.Run("Datadog", func(t *testing.T) {
		t.Setenv("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false")
		t.Setenv("DD_REMOTE_CONFIGURATION_ENABLED", "false")
		provider := datadog()
		t.Cleanup(func() { assert.NoError(t, provider.Shutdown()) })
		test(t, provider)
	})
}

func TestStart(t *testing.T) {
	overTracers(t, func(t *testing.T, provider trace.TracerProvider) {
		tracer := ctxotel.NewTracer(provider.Tracer("test"))
		defer tenant.Set("acme").Reset()
		starts := map[string]func() trace.Span{
			"Start": func() trace.Span { return tracer.Start("outer") },
			"StartContext": func() trace.Span {
				_, span := tracer.StartContext(context.Background(), "outer")
				return span
			},
		}
		for name, start := range starts {
			t.Run(name, func(t *testing.T) {
				inGoroutine(func() {
					outer := start()
					assert.Equal(t, "acme", tenant.Get(), "inside of a span")
					assert.Contains(t, strings.Join(labelsHere(), " "), "span", "the tracer's labels are on the goroutine")
					inGoroutine(func() { assert.Equal(t, "acme", tenant.Get(), "in a goroutine that is started there") })

					tracer.Start("inner 1").End()
					assert.Equal(t, outer.SpanContext().SpanID(), ctxotel.Span().SpanContext().SpanID(), "after a nested one")
					inner := tracer.Start("inner 2")
					assert.Equal(t, outer.SpanContext().TraceID(), inner.SpanContext().TraceID())
					assert.Equal(t, "acme", tenant.Get())
					tenant.Set("set inside")
					inner.End()
					assert.Equal(t, "set inside", tenant.Get())
					assert.NoError(t, tracer.Do("inner 3", func() error {
						assert.Equal(t, "set inside", tenant.Get())
						assert.Equal(t, outer.SpanContext().TraceID(), ctxotel.Span().SpanContext().TraceID())
						return nil
					}))
					outer.End()
					assert.Equal(t, "set inside", tenant.Get(), "after the span")
					assert.False(t, ctxotel.Span().SpanContext().IsValid())
				})
				assert.Equal(t, "acme", tenant.Get())
			})
		}
	})
}

// Spans of the tracer itself, in ctxs that Heirloom has made, take away nothing either.
func TestStartByHand(t *testing.T) {
	overTracers(t, func(t *testing.T, provider trace.TracerProvider) {
		plain := provider.Tracer("test")
		defer tenant.Set("acme").Reset()
		inGoroutine(func() {
			ctx, outer := plain.Start(ctxvar.NewContext(context.Background()), "outer")
			assert.Equal(t, "acme", tenant.Get())
			ctxotel.With(ctx, func(ctx context.Context) {
				assert.Equal(t, "acme", tenant.Get())
				_, inner := plain.Start(ctx, "inner")
				assert.Equal(t, "acme", tenant.Get())
				inner.End()
				assert.Equal(t, "acme", tenant.Get())
			})
			outer.End()
			assert.Equal(t, "acme", tenant.Get())
		})
	})
}

// The client of this request has otelhttp inside of Heirloom's transport, as package
// ctxotel says, and the server has it around Heirloom's middleware.
func TestOverHTTP(t *testing.T) {
	overTracers(t, func(t *testing.T, provider trace.TracerProvider) {
		traced := otelhttp.WithTracerProvider(provider)
		seen := make(chan string, 1)
		fields := []ctxwire.Field{ctxotel.Field(), ctxwire.String(tenant, "X-Tenant")}
		srv := httptest.NewServer(otelhttp.NewHandler(ctxhttp.Middleware(fields...)(http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) {
				_, span := provider.Tracer("test").Start(r.Context(), "by hand")
				span.End()
				seen <- tenant.Get()
			})), "server", traced))
		defer srv.Close()
		for name, rt := range map[string]http.RoundTripper{
			"ctxotel.NewTransport": ctxotel.NewTransport(otelhttp.NewTransport(ctxhttp.NewTransport(srv.Client().Transport, fields[1]), traced)),
			"ctxhttp.NewTransport": ctxhttp.NewTransport(otelhttp.NewTransport(srv.Client().Transport, traced), fields...),
		} {
			t.Run(name, func(t *testing.T) {
				defer tenant.Set("acme").Reset()
				inGoroutine(func() {
					resp, err := (&http.Client{Transport: rt}).Get(srv.URL) // without a ctx
					require.NoError(t, err)
					assert.Equal(t, "acme", tenant.Get(), "before the body is read")
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					assert.Equal(t, "acme", tenant.Get(), "after the span has ended")
					assert.Equal(t, "acme", <-seen)
				})
			})
		}
	})
}
