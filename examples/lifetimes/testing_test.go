package main_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
)

// The tests in this file show what docs/testing.md says about tests.

var (
	region = ctxvar.New("region", ctxvar.Default("nowhere"))
	admin  = ctxvar.New("admin", ctxvar.Identity[bool]())
)

func TestSubtestsHaveTheirOwn(t *testing.T) {
	region.Set("of the test")
	t.Run("one", func(t *testing.T) {
		assert.Equal(t, "of the test", region.Get())
		region.Set("of the subtest")
		t.Cleanup(func() { assert.Equal(t, "of the subtest", region.Get()) })
	})
	assert.Equal(t, "of the test", region.Get())
	synctest.Test(t, func(t *testing.T) { assert.Equal(t, "of the test", region.Get()) })
	for _, name := range []string{"a", "b"} {
		t.Run(name, func(t *testing.T) {
			region.Set("before " + name)
			t.Parallel()
			assert.Equal(t, "before "+name, region.Get())
		})
	}
}

// A server that a test starts has the test's values, but not its identity. One that is
// started under Detach has neither.
func TestServersInTests(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, isAdmin := admin.Lookup()
		assert.False(t, isAdmin)
		io.WriteString(w, region.Get())
	})
	ask := func(srv *httptest.Server) string {
		defer srv.Close()
		resp, err := srv.Client().Get(srv.URL)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(body)
	}
	ctxvar.Work(func() {
		region.Set("of the test")
		admin.Set(true)
		assert.Equal(t, "of the test", ask(httptest.NewServer(ctxhttp.Middleware()(handler))))
		var srv *httptest.Server
		ctxvar.Detach(func() { srv = httptest.NewServer(ctxhttp.Middleware()(handler)) })
		assert.Equal(t, "nowhere", ask(srv))

		assert.True(t, admin.MustGet())
		recorder := httptest.NewRecorder()
		ctxhttp.Middleware()(handler).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
		assert.Equal(t, "of the test", recorder.Body.String())
	})
}

// fasthttp has a pool of goroutines for all connections. So a value that a bare handler
// sets without a reset is still set in a request of another connection.
func TestSetToStayUnderFasthttp(t *testing.T) {
	bare := func(c *fasthttp.RequestCtx) {
		c.WriteString(region.Get())
		region.Set("left over")
	}
	ask := func(handler fasthttp.RequestHandler, requests int) (last string) {
		listener := fasthttputil.NewInmemoryListener()
		server := &fasthttp.Server{Handler: handler}
		served := make(chan error, 1)
		ctxvar.Detach(func() { go func() { served <- server.Serve(listener) }() })
		for range requests {
			transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return listener.Dial() }}
			resp, err := (&http.Client{Transport: transport}).Get("http://service.example/")
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			resp.Body.Close()
			transport.CloseIdleConnections()
			last = string(body)
			if last != "nowhere" {
				break
			}
		}
		require.NoError(t, server.Shutdown())
		require.NoError(t, <-served)
		return last
	}
	assert.Equal(t, "left over", ask(bare, 1000), "once a goroutine serves a second connection")
	assert.Equal(t, "nowhere", ask(func(c *fasthttp.RequestCtx) { ctxvar.Work(func() { bare(c) }) }, 20))
}
