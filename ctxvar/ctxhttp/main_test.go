package ctxhttp_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

var (
	requestID = ctxvar.New[string]("request_id")
	tenant    = ctxvar.New("tenant", ctxvar.Default("public"))
	attempt   = ctxvar.New[int]("attempt")
)

// overBoth runs a test over HTTP/1.1 and over HTTP/2.
func overBoth(t *testing.T, test func(t *testing.T, start func(http.Handler) *httptest.Server)) {
	t.Run("HTTP/1.1", func(t *testing.T) {
		test(t, func(h http.Handler) *httptest.Server { return start(t, h, false) })
	})
	t.Run("HTTP/2", func(t *testing.T) {
		test(t, func(h http.Handler) *httptest.Server { return start(t, h, true) })
	})
}

// start starts a server, which is closed at the end of the test. If the server speaks
// HTTP/2, so does its client.
func start(t *testing.T, h http.Handler, http2 bool) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // drops reports of panics, which are intended
	if http2 {
		srv.EnableHTTP2 = true
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv
}

// A reply has the parts of a response that the tests need.
type reply struct {
	status int
	header http.Header
	body   string
	proto  string
	reused bool // whether the connection had served a request before
}

// get makes a request, changed by edit if there is one, and reads the response
// to its end. It may be called in any goroutine.
func get(t *testing.T, client *http.Client, url string, edit ...func(*http.Request)) reply {
	t.Helper()
	r, err := tryGet(t, client, url, edit...)
	assert.NoError(t, err)
	return r
}

func tryGet(t *testing.T, client *http.Client, url string, edit ...func(*http.Request)) (reply, error) {
	var got reply
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { got.reused = info.Reused },
	})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return reply{}, err
	}
	for _, e := range edit {
		e(r)
	}
	resp, err := client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	got.status, got.header, got.body, got.proto = resp.StatusCode, resp.Header, string(body), resp.Proto
	return got, err
}

func header(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[name] = values }
}

// bare returns a request for a handler that is called without a server.
func bare(t *testing.T, edit ...func(*http.Request)) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	require.NoError(t, err)
	for _, e := range edit {
		e(r)
	}
	return r
}
