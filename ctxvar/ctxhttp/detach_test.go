package ctxhttp_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
)

// A session is a value that should not be kept.
type session [64 << 10]byte

var currentSession = ctxvar.New[*session]("session")

// withSession calls fn with a session set, in a goroutine that ends. It returns a weak
// pointer, which shows whether the session still exists.
func withSession(fn func()) weak.Pointer[session] {
	var pointer weak.Pointer[session]
	done := make(chan struct{})
	go func() {
		defer close(done)
		s := new(session)
		pointer = weak.Make(s)
		currentSession.Set(s)
		fn()
	}()
	<-done
	return pointer
}

// assertCollected asserts that nothing keeps the session alive, once goroutines
// that are about to end have ended.
func assertCollected(t *testing.T, s weak.Pointer[session], msg ...any) {
	t.Helper()
	assert.Eventually(t, func() bool {
		runtime.GC()
		return s.Value() == nil
	}, time.Minute, time.Millisecond, msg...)
}

// A connection keeps the variables of the request that opens it, for as long as the
// connection is kept, unless Detach prevents it.
func TestConnectionsKeepNothing(t *testing.T) {
	overBoth(t, func(t *testing.T, start func(http.Handler) *httptest.Server) {
		srv := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
		plain := srv.Client().Transport.(*http.Transport)
		request := func(rt http.RoundTripper) func() {
			client := http.Client{Transport: rt}
			return func() {
				ctx := ctxvar.NewContext(t.Context())
				get(t, &client, srv.URL, func(r *http.Request) { *r = *r.WithContext(ctx) })
			}
		}

		s := withSession(request(plain))
		runtime.GC()
		assert.NotNil(t, s.Value(), "or else this test shows nothing")
		plain.CloseIdleConnections()

		assertCollected(t, withSession(request(ctxhttp.Detach(plain))))
		assert.True(t, get(t, &http.Client{Transport: plain}, srv.URL).reused, "though the connection is there")
		plain.CloseIdleConnections()

		sending := ctxhttp.NewTransport(ctxhttp.Detach(plain), ctxhttp.ToHeader(requestID, "X-Request-Id"))
		assertCollected(t, withSession(request(sending)))
	})
}

// Nor does a server's connection, between requests.
func TestServersKeepNothing(t *testing.T) {
	overBoth(t, func(t *testing.T, start func(http.Handler) *httptest.Server) {
		var s weak.Pointer[session]
		srv := start(ctxhttp.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s.Value() == nil {
				value := new(session)
				s = weak.Make(value)
				currentSession.Set(value)
			}
		})))
		get(t, srv.Client(), srv.URL)
		// With HTTP/1.1, the goroutine of the connection had the session.
		assertCollected(t, s)
		assert.True(t, get(t, srv.Client(), srv.URL).reused)
	})
}

// Beneath Detach there are no variables, except in the snapshot of the ctx.
func TestBeneathDetach(t *testing.T) {
	srv := start(t, http.NotFoundHandler(), false)
	var dialled bool
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dialled = true
		assert.Equal(t, "public", tenant.Get())
		if c, ok := ctxvar.FromContext(ctx); assert.True(t, ok) {
			got, _ := tenant.In(c)
			assert.Equal(t, "acme", got)
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	defer transport.CloseIdleConnections()

	defer tenant.Set("acme").Reset()
	client := http.Client{Transport: ctxhttp.Detach(transport)}
	ctx := ctxvar.NewContext(t.Context())
	get(t, &client, srv.URL, func(r *http.Request) { *r = *r.WithContext(ctx) })
	assert.True(t, dialled)
	assert.Equal(t, "acme", tenant.Get())
}

func TestDetachOfNil(t *testing.T) {
	defer func(rt http.RoundTripper) { http.DefaultTransport = rt }(http.DefaultTransport)
	for name, rt := range map[string]http.RoundTripper{
		"Detach":       ctxhttp.Detach(nil),
		"NewTransport": ctxhttp.NewTransport(nil, ctxhttp.ToHeader(requestID, "X-Request-Id")),
	} {
		t.Run(name, func(t *testing.T) {
			var now recorder
			http.DefaultTransport = &now
			defer requestID.Set("r1").Reset()
			_, err := rt.RoundTrip(bare(t))
			require.ErrorIs(t, err, errRecorded, "the default of the time of the request")
			(&http.Client{Transport: rt}).CloseIdleConnections()
			assert.True(t, now.closed)
		})
	}
}
