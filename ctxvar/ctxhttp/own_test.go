package ctxhttp_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// A watch notes for which tenant each call was made.
type watch struct {
	mu    sync.Mutex
	calls map[string]string
}

func (w *watch) note(call string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls == nil {
		w.calls = map[string]string{}
	}
	if before, ok := w.calls[call]; !ok || before == tenant.Get() {
		w.calls[call] = tenant.Get()
	} else {
		w.calls[call] = before + " and " + tenant.Get()
	}
}

// watchedBody is a body that notes its calls.
type watchedBody struct {
	io.Reader
	*watch
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.note("Read")
	return b.Reader.Read(p)
}

func (b *watchedBody) Close() error {
	b.note("Close")
	return nil
}

// writingBody is a body that knows how to write itself.
type writingBody struct{ watchedBody }

func (b *writingBody) WriteTo(w io.Writer) (int64, error) {
	b.note("WriteTo")
	return io.Copy(w, b.Reader)
}

// A request's body is read, and its hooks are called, with the request's variables, on
// a connection that another request opened, and whether or not Detach is used.
func TestBodyAndHooks(t *testing.T) {
	overBoth(t, func(t *testing.T, start func(http.Handler) *httptest.Server) {
		srv := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			w.WriteHeader(http.StatusEarlyHints)
			w.Write(body)
		}))
		base := srv.Client().Transport
		for name, rt := range map[string]http.RoundTripper{
			"Transport":         ctxhttp.NewTransport(base, ctxwire.String(tenant, "X-Tenant")),
			"without fields":    ctxhttp.NewTransport(base),
			"Detach":            ctxhttp.Detach(base),
			"Transport, Detach": ctxhttp.NewTransport(ctxhttp.Detach(base), ctxwire.String(tenant, "X-Tenant")),
		} {
			t.Run(name, func(t *testing.T) {
				for _, who := range []string{"acme", "bravo", "acme"} {
					defer tenant.Set(who).Reset()
					for _, kind := range []string{"Read", "WriteTo"} {
						var w watch
						var body io.ReadCloser = &watchedBody{strings.NewReader("body"), &w}
						if kind == "WriteTo" {
							body = &writingBody{watchedBody{strings.NewReader("body"), &w}}
						}
						r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, body)
						require.NoError(t, err)
						r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
							GotConn:              func(httptrace.GotConnInfo) { w.note("GotConn") },
							WroteRequest:         func(httptrace.WroteRequestInfo) { w.note("WroteRequest") },
							GotFirstResponseByte: func() { w.note("GotFirstResponseByte"); tenant.Set("of the hook") },
							Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
								w.note("Got1xxResponse")
								assert.Equal(t, http.StatusEarlyHints, code)
								return nil
							},
						}))
						resp, err := (&http.Client{Transport: rt}).Do(r)
						require.NoError(t, err)
						got, err := io.ReadAll(resp.Body)
						require.NoError(t, err)
						require.NoError(t, resp.Body.Close())
						assert.Equal(t, "body", string(got))
						assert.Equal(t, who, tenant.Get())

						w.mu.Lock()
						for _, call := range []string{"GotConn", "Close", "WroteRequest", "GotFirstResponseByte", "Got1xxResponse"} {
							assert.Equal(t, who, w.calls[call], call)
						}
						for call, found := range w.calls {
							assert.Equal(t, who, found, call)
						}
						assert.True(t, w.calls["Read"] != "" || w.calls["WriteTo"] != "")
						w.mu.Unlock()
					}
				}
			})
		}
	})
}

// A body that is read again, because the connection was gone or the server said so, is
// read with the request's variables too.
func TestBodyReadAgain(t *testing.T) {
	srv := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
			return
		}
		io.Copy(w, r.Body)
	}), false)
	defer tenant.Set("acme").Reset()
	var w watch
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, &watchedBody{strings.NewReader("body"), &w})
	require.NoError(t, err)
	r.GetBody = func() (io.ReadCloser, error) { return &watchedBody{strings.NewReader("body"), &w}, nil }
	resp, err := (&http.Client{Transport: ctxhttp.Detach(srv.Client().Transport)}).Do(r)
	require.NoError(t, err)
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, "body", string(got))
	assert.Equal(t, map[string]string{"Read": "acme", "Close": "acme"}, w.calls)

	// The inner Transport asks for the body itself, and learns its type.
	var rt recorder
	ctxhttp.Detach(&rt).RoundTrip(r)
	again, err := rt.got.GetBody()
	require.NoError(t, err)
	tenant.With("bravo", func() { io.ReadAll(again) })
	assert.Equal(t, map[string]string{"Read": "acme", "Close": "acme"}, w.calls)

	failed := errors.New("no body")
	r.GetBody = func() (io.ReadCloser, error) { return nil, failed }
	ctxhttp.Detach(&rt).RoundTrip(r)
	_, err = rt.got.GetBody()
	assert.Equal(t, failed, err)
}

// A request without a body and without hooks is passed on unchanged.
func TestNothingToOwn(t *testing.T) {
	var rt recorder
	for _, body := range []io.Reader{nil, http.NoBody} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://service.example/", body)
		require.NoError(t, err)
		ctxhttp.Detach(&rt).RoundTrip(r)
		assert.Same(t, r, rt.got)
	}
}
