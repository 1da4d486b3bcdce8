package ctxhttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

type (
	requestIDKey struct{}
	tenantKey    struct{}
)

// byHand does what the middleware does, without variables, for handlers that have a
// ctx. It accepts any values from outside.
func byHand(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		w.Header().Set("X-Request-Id", id)
		ctx := context.WithValue(r.Context(), requestIDKey{}, id)
		ctx = context.WithValue(ctx, tenantKey{}, r.Header.Get("X-Tenant"))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func readContext(_ http.ResponseWriter, r *http.Request) {
	sink, _ = r.Context().Value(requestIDKey{}).(string)
	sink, _ = r.Context().Value(tenantKey{}).(string)
}

func readVariables(http.ResponseWriter, *http.Request) {
	sink = requestID.Get()
	sink = tenant.Get()
}

var sink string

// nowhere is a ResponseWriter that costs nothing.
type nowhere http.Header

func (w nowhere) Header() http.Header       { return http.Header(w) }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

// servers are the same service three times: with nothing, with two values in
// the request's ctx, and with two variables.
func servers() []struct {
	name    string
	handler http.Handler
} {
	vars := ctxhttp.Middleware(ctxwire.RequestID(requestID), ctxhttp.FromHeader(tenant, "X-Tenant"))
	return []struct {
		name    string
		handler http.Handler
	}{
		{"without", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})},
		{"context", byHand(http.HandlerFunc(readContext))},
		{"variables", vars(http.HandlerFunc(readVariables))},
	}
}

// The cost of the middleware itself.
func BenchmarkMiddleware(b *testing.B) {
	for _, bm := range servers() {
		b.Run(bm.name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("X-Request-Id", "0123456789abcdef")
			r.Header.Set("X-Tenant", "acme")
			w := nowhere{}
			b.ReportAllocs()
			for b.Loop() {
				bm.handler.ServeHTTP(w, r)
			}
		})
	}
}

// The cost in proportion to a request over a loopback connection.
func BenchmarkServer(b *testing.B) {
	for _, bm := range servers() {
		b.Run(bm.name, func(b *testing.B) {
			srv := httptest.NewServer(bm.handler)
			defer srv.Close()
			r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, srv.URL, nil)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("X-Request-Id", "0123456789abcdef")
			r.Header.Set("X-Tenant", "acme")
			b.ReportAllocs()
			for b.Loop() {
				resp, err := srv.Client().Do(r)
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
}

// answer is a RoundTripper that costs nothing.
type answer struct{ http.Response }

func (a *answer) RoundTrip(*http.Request) (*http.Response, error) { return &a.Response, nil }

// fromContext does by hand what a Transport does, for requests with the values in their
// ctx.
type fromContext struct{ base http.RoundTripper }

func (t fromContext) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context())
	if id, ok := r.Context().Value(requestIDKey{}).(string); ok {
		sent.Header.Set("X-Request-Id", id)
	}
	if tenant, ok := r.Context().Value(tenantKey{}).(string); ok {
		sent.Header.Set("X-Tenant", tenant)
	}
	return t.base.RoundTrip(sent)
}

// The cost that a Transport, and Detach, add to each request of a client.
func BenchmarkTransport(b *testing.B) {
	defer requestID.Set("0123456789abcdef").Reset()
	defer tenant.Set("acme").Reset()
	ctx := context.WithValue(b.Context(), requestIDKey{}, "0123456789abcdef")
	ctx = context.WithValue(ctx, tenantKey{}, "acme")
	headers := []ctxwire.Field{ctxhttp.ToHeader(requestID, "X-Request-Id"), ctxhttp.ToHeader(tenant, "X-Tenant")}

	for _, bm := range []struct {
		name string
		rt   http.RoundTripper
	}{
		{"without", &answer{}},
		{"context", fromContext{&answer{}}},
		{"variables", ctxhttp.NewTransport(&answer{}, headers...)},
		{"detached", ctxhttp.NewTransport(ctxhttp.Detach(&answer{}), headers...)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
			r.Header.Set("Accept", "text/html")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bm.rt.RoundTrip(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
