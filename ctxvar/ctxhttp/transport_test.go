package ctxhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// A recorder is a RoundTripper that answers nothing and keeps the request.
type recorder struct {
	got    *http.Request
	closed bool
}

var errRecorded = errors.New("recorded")

func (rt *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	rt.got = r
	return nil, errRecorded
}

func (rt *recorder) CloseIdleConnections() { rt.closed = true }

// sent returns the request as the inner RoundTripper gets it.
func sent(t *testing.T, r *http.Request, headers ...ctxwire.Field) *http.Request {
	t.Helper()
	var rt recorder
	_, err := ctxhttp.NewTransport(&rt, headers...).RoundTrip(r)
	require.ErrorIs(t, err, errRecorded)
	return rt.got
}

func TestTransport(t *testing.T) {
	headers := []ctxwire.Field{
		ctxhttp.ToHeader(requestID, "x-request-id"),
		ctxhttp.ToHeader(tenant, "X-Tenant"),
		ctxwire.Func(attempt, "X-Attempt", func(n int) (string, error) { return strconv.Itoa(n), nil }, nil),
	}
	// A ctx of other work, or made by another goroutine, counts unchanged.
	carried := make(chan context.Context, 1)
	go tenant.With("carried", func() { carried <- ctxvar.NewContext(t.Context()) })
	fromElsewhere := <-carried

	for _, tt := range []struct {
		reason string
		edit   func(*http.Request)
		ctx    context.Context
		set    func()
		want   http.Header
	}{
		{
			reason: "neither what is not set nor a default is sent",
			want:   http.Header{"Accept": {"text/html"}},
		},
		{
			reason: "what is set is sent, under the canonical name",
			set:    func() { requestID.Set("r1"); tenant.Set("acme"); attempt.Set(0) },
			want:   http.Header{"Accept": {"text/html"}, "X-Request-Id": {"r1"}, "X-Tenant": {"acme"}, "X-Attempt": {"0"}},
		},
		{
			reason: "what is empty is a value like any other",
			set:    func() { tenant.Set("") },
			want:   http.Header{"Accept": {"text/html"}, "X-Tenant": {""}},
		},
		{
			reason: "what was there is replaced",
			edit:   header("X-Request-Id", "<evil>", "other"),
			set:    func() { requestID.Set("r1") },
			want:   http.Header{"Accept": {"text/html"}, "X-Request-Id": {"r1"}},
		},
		{
			reason: "but not by nothing",
			edit:   header("X-Tenant", "by hand"),
			want:   http.Header{"Accept": {"text/html"}, "X-Tenant": {"by hand"}},
		},
		{
			reason: "a ctx that comes from elsewhere counts, and what the goroutine has does not",
			ctx:    fromElsewhere,
			set:    func() { requestID.Set("r1"); tenant.Set("acme") },
			want:   http.Header{"Accept": {"text/html"}, "X-Tenant": {"carried"}},
		},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			r := bare(t, header("Accept", "text/html"))
			if tt.edit != nil {
				tt.edit(r)
			}
			if tt.ctx != nil {
				r = r.WithContext(tt.ctx)
			}
			before := r.Header.Clone()
			ctxvar.Copy().Run(func() {
				if tt.set != nil {
					tt.set()
				}
				assert.Equal(t, tt.want, sent(t, r, headers...).Header)
			})
			assert.Equal(t, before, r.Header, "the caller's request is the caller's")
		})
	}
}

func TestTransportOfARequestWithoutHeaders(t *testing.T) {
	defer requestID.Set("r1").Reset()
	r := bare(t)
	r.Header = nil
	got := sent(t, r, ctxhttp.ToHeader(requestID, "X-Request-Id"))
	assert.Equal(t, http.Header{"X-Request-Id": {"r1"}}, got.Header)
	assert.Nil(t, r.Header)
}

// The inner RoundTripper finds the variables in the request's ctx, whatever its
// goroutine has.
func TestTransportCarriesVariables(t *testing.T) {
	defer tenant.Set("acme").Reset()
	r := bare(t)
	got := sent(t, r)
	c, ok := ctxvar.FromContext(got.Context())
	require.True(t, ok)
	assert.True(t, c.Equal(ctxvar.Copy()))
	_, ok = ctxvar.FromContext(r.Context())
	assert.False(t, ok, "the caller's request is the caller's")
}

func TestCloseIdleConnections(t *testing.T) {
	var rt recorder
	client := http.Client{Transport: ctxhttp.NewTransport(ctxhttp.Detach(&rt))}
	client.CloseIdleConnections()
	assert.True(t, rt.closed)

	client.Transport = ctxhttp.NewTransport(struct{ http.RoundTripper }{&rt})
	client.CloseIdleConnections() // does nothing, since there are none
}

// A value that no header can have makes the request fail before it is sent, and the
// request's body is closed, as a RoundTripper must do.
func TestTransportRefuses(t *testing.T) {
	for value, want := range map[string]error{
		"r1\r\nX-Admin: yes":     ctxwire.ErrMalformed,
		"a tab\t":                ctxwire.ErrMalformed,
		"not UTF-8 \xff":         ctxwire.ErrMalformed,
		" a space":               ctxwire.ErrMalformed,
		"a space ":               ctxwire.ErrMalformed,
		strings.Repeat("x", 257): ctxwire.ErrTooLong,
	} {
		t.Run(value, func(t *testing.T) {
			var rt recorder
			client := http.Client{Transport: ctxhttp.NewTransport(&rt, ctxhttp.ToHeader(requestID, "X-Request-Id"))}
			defer requestID.Set(value).Reset()
			body := &closer{Reader: strings.NewReader("body")}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://service.example/", body)
			require.NoError(t, err)
			_, err = client.Do(r)
			assert.ErrorIs(t, err, want)
			assert.ErrorContains(t, err, "ctxhttp: request_id as X-Request-Id: ")
			assert.Nil(t, rt.got)
			assert.True(t, body.closed)
		})
	}
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error {
	c.closed = true
	return nil
}

// Characters beyond ASCII get through unchanged.
func TestUTF8(t *testing.T) {
	srv := start(t, ctxhttp.Middleware(ctxwire.String(tenant, "X-Tenant"))(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, tenant.Get()) })), false)
	client := http.Client{Transport: ctxhttp.NewTransport(srv.Client().Transport, ctxwire.String(tenant, "X-Tenant"))}
	defer tenant.Set("Zoë's 店").Reset()
	assert.Equal(t, "Zoë's 店", get(t, &client, srv.URL).body)
}

// Three services call one another in a row, each with middleware and a client. The last
// one has the values of the first one's request, and of no other.
func TestFromServiceToService(t *testing.T) {
	overBoth(t, func(t *testing.T, serve func(http.Handler) *httptest.Server) {
		vars := ctxhttp.Middleware(ctxwire.RequestID(requestID), ctxhttp.FromHeader(tenant, "X-Tenant"))
		clientOf := func(srv *httptest.Server) *http.Client {
			return &http.Client{Transport: ctxhttp.NewTransport(ctxhttp.Detach(srv.Client().Transport),
				ctxhttp.ToHeader(requestID, "X-Request-Id"),
				ctxhttp.ToHeader(tenant, "X-Tenant"),
			)}
		}

		last := serve(vars(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, requestID.Get(), " ", tenant.Get())
		})))
		// There is no parameter, and no ctx except the test's.
		ask := func(client *http.Client, url string) string { return get(t, client, url).body }

		middle := serve(vars(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answers := make(chan string)
			go func() { answers <- ask(clientOf(last), last.URL) }()
			io.WriteString(w, <-answers)
		})))
		target, err := url.Parse(middle.URL)
		require.NoError(t, err)
		proxy := httputil.NewSingleHostReverseProxy(target)
		proxy.Transport = clientOf(middle).Transport
		first := serve(vars(proxy))

		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				id, tenant := fmt.Sprint("r", i), fmt.Sprint("t", i)
				got := get(t, first.Client(), first.URL, header("X-Request-Id", id), header("X-Tenant", tenant))
				assert.Equal(t, id+" "+tenant, got.body)
			})
		}
		all.Wait()

		got := get(t, first.Client(), first.URL, header("X-Request-Id", "<evil>"))
		id, rest, _ := strings.Cut(got.body, " ")
		assert.Equal(t, "public", rest)
		assert.Len(t, id, 26, "the proxy sends on its own ID and not what it was sent")
		assert.Equal(t, got.header["X-Request-Id"][0], id)
		last.Client().CloseIdleConnections()
		middle.Client().CloseIdleConnections()
	})
}
