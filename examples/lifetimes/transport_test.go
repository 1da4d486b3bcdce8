package main_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
)

// Each connection that a client keeps has two goroutines, started by the request for
// which the connection was opened.
func TestConnectionOpenedInAHandler(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	defer srv.Close()
	ask := func(rt http.RoundTripper) {
		resp, err := (&http.Client{Transport: rt}).Get(srv.URL)
		if assert.NoError(t, err) {
			_, err = io.Copy(io.Discard, resp.Body)
			assert.NoError(t, err)
			assert.NoError(t, resp.Body.Close())
		}
	}

	transport := new(http.Transport)
	s := serve("connection", func() { ask(transport) })
	assertHeirs(t, "connection",
		"net/http.(*persistConn).readLoop",
		"net/http.(*persistConn).writeLoop",
	)
	assertKept(t, s)

	later := serve("later", func() { ask(transport) })
	assertCollected(t, later, "it used the first one's connection")
	assertKept(t, s, "which keeps what it has, however long it is used")
	transport.CloseIdleConnections()
	assertCollected(t, s)

	s = serve("detached connection", func() { ask(ctxhttp.Detach(transport)) })
	assertCollected(t, s)
	transport.CloseIdleConnections()
}
