package ctxhttp_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var user = ctxvar.New("user", ctxvar.Identity[string]())

// who returns the user for whom the current work is done.
func who() string {
	u, ok := user.Lookup()
	if !ok {
		return "nobody"
	}
	return u
}

// authenticate is the middleware that the documentation recommends.
func authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := r.Header.Get("X-User")
		if u == "" {
			next.ServeHTTP(w, r)
			return
		}
		user.With(u, func() { next.ServeHTTP(w, r.WithContext(ctxvar.NewContext(r.Context()))) })
	})
}

// A server that a user's goroutine started, such as a test or a task, serves no request
// in that user's name. It reads what else was set there, such as a configuration.
func TestServerHandsOnNoIdentity(t *testing.T) {
	overBoth(t, func(t *testing.T, serve func(http.Handler) *httptest.Server) {
		ctxvar.Work(func() {
			user.Set("admin")
			defer tenant.Set("single").Reset()
			srv := serve(ctxhttp.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, who()+" of "+tenant.Get())
			})))
			assert.Equal(t, "nobody of single", get(t, srv.Client(), srv.URL).body)
			assert.Equal(t, "admin", who())
		})
	})
}

// What a handler sets without a reset is gone after its request, and so is what it has
// set in a ctx that it gave to other goroutines.
func TestSetToStay(t *testing.T) {
	overBoth(t, func(t *testing.T, serve func(http.Handler) *httptest.Server) {
		late := make(chan func() string, 1)
		srv := serve(ctxhttp.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			found := who() + " of " + tenant.Get()
			if r.URL.Path == "/set" {
				user.Set("alice")
				tenant.Set("acme")
				ctx := ctxvar.NewContext(r.Context())
				late <- func() (found string) {
					ctxvar.RunFrom(ctx, func() { found = who() + " of " + tenant.Get() })
					return found
				}
			}
			io.WriteString(w, found)
		})))
		for _, path := range []string{"/set", "/", "/set"} {
			assert.Equal(t, "nobody of public", get(t, srv.Client(), srv.URL+path).body)
			if path == "/set" {
				assert.Equal(t, "nobody of acme", (<-late)(), "the request has ended, and its identity with it")
			}
		}
	})
}

// A worker that existed before, and one that another request has started, know from the
// request's ctx for whom a job is, and what they send says so.
func TestWorkersKnowTheUserByCtx(t *testing.T) {
	backend := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get("X-Tenant")+"/"+r.Header.Get("X-User-Id"))
	}), false)
	client := &http.Client{Transport: ctxhttp.NewTransport(backend.Client().Transport,
		ctxhttp.ToHeader(tenant, "X-Tenant"), ctxhttp.ToHeader(user, "X-User-Id"))}
	ask := func(ctx context.Context) string {
		return get(t, client, backend.URL, func(r *http.Request) { *r = *r.WithContext(ctx) }).body
	}

	type job struct {
		ctx  context.Context
		done chan string
	}
	jobs := make(chan job)
	defer close(jobs)
	started := false
	srv := start(t, ctxhttp.Middleware(ctxhttp.FromHeader(tenant, "X-Tenant"))(authenticate(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if !started { // lazily, in the request that comes first
				started = true
				go func() {
					for j := range jobs {
						j.done <- ask(j.ctx)
					}
				}()
			}
			j := job{r.Context(), make(chan string)}
			jobs <- j
			io.WriteString(w, <-j.done+" "+ask(context.Background()))
		}))), false)
	for _, want := range []string{"acme/alice", "bravo/bob", "charlie/"} {
		tenantName, userName, _ := strings.Cut(want, "/")
		got := get(t, srv.Client(), srv.URL, func(r *http.Request) {
			r.Header.Set("X-Tenant", tenantName)
			if userName != "" {
				r.Header.Set("X-User", userName)
			}
		})
		assert.Equal(t, want+" "+want, got.body, "in the worker, and in the handler without a ctx")
	}
}

// Without a snapshot of its own, the request's ctx has what is set at the moment.
func TestCtxHasWhatIsSetLater(t *testing.T) {
	through := func(fields ...ctxwire.Field) http.Handler {
		return ctxhttp.Middleware(fields...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked := func() (found string) {
				done := make(chan bool)
				ctxvar.Detach(func() {
					go ctxvar.RunFrom(r.Context(), func() { found = who() + " of " + tenant.Get(); close(done) })
				})
				<-done
				return found
			}
			assert.Equal(t, "nobody of acme", asked())
			user.With("alice", func() { assert.Equal(t, "alice of acme", asked()) })
			tenant.Set("bravo")
			assert.Equal(t, "nobody of bravo", asked())
			ctxvar.RunFrom(r.Context(), func() { tenant.Set("gone") })
			io.WriteString(w, asked())
		}))
	}
	// Around makes the handler run in variables further in.
	around := ctxwire.Around(func(ctx context.Context, rest func(context.Context)) {
		ctxvar.Copy().Run(func() { rest(ctxvar.NewContext(ctx)) })
	}, nil)
	for _, handler := range []http.Handler{
		through(ctxhttp.FromHeader(tenant, "X-Tenant")),
		through(around, ctxhttp.FromHeader(tenant, "X-Tenant")),
		through(ctxhttp.FromHeader(tenant, "X-Tenant"), around),
	} {
		srv := start(t, handler, false)
		assert.Equal(t, "nobody of bravo", get(t, srv.Client(), srv.URL, header("X-Tenant", "acme")).body)
	}
}

// Middleware within Middleware, such as that of a sub-router, belongs to the same
// request: values set around it stay, and values that it sets are gone after it.
func TestMiddlewareWithinMiddleware(t *testing.T) {
	inner := ctxhttp.Middleware(ctxwire.RequestID(requestID))
	within := inner(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, who()+" of "+tenant.Get()+", "+requestID.Get())
		c, ok := ctxvar.FromContext(r.Context())
		require.True(t, ok)
		u, _ := user.In(c)
		assert.Equal(t, "alice", u)
		tenant.Set("left over")
	}))
	outer := ctxhttp.Middleware(ctxhttp.FromHeader(tenant, "X-Tenant"))(authenticate(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			within.ServeHTTP(w, r)
			assert.Equal(t, "acme", tenant.Get())
			assert.Empty(t, requestID.Get())
		})))
	srv := start(t, outer, false)
	got := get(t, srv.Client(), srv.URL, header("X-Tenant", "acme"), header("X-User", "alice"), header("X-Request-Id", "r1"))
	assert.Equal(t, "alice of acme, r1", got.body)

	// A server that is called from within another one's request serves another request.
	srv = start(t, ctxhttp.Middleware()(authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nested := start(t, inner(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, who()) })), false)
		io.WriteString(w, get(t, nested.Client(), nested.URL).body)
	}))), false)
	assert.Equal(t, "nobody", get(t, srv.Client(), srv.URL, header("X-User", "alice")).body)
}

// What a request's ctx is given to serves other requests: a server that is started in the
// middle of it, and what is called with it when the request is over.
func TestOtherRequestsOfARequestsCtx(t *testing.T) {
	inner := ctxhttp.Middleware()(authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, who()) })))
	var ctx context.Context
	outer := ctxhttp.Middleware()(authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx = r.Context()
		nested := httptest.NewUnstartedServer(inner)
		nested.Config.BaseContext = func(net.Listener) context.Context { return ctx }
		nested.Start()
		defer nested.Close()
		io.WriteString(w, get(t, nested.Client(), nested.URL).body)
	})))
	srv := start(t, outer, false)
	assert.Equal(t, "nobody", get(t, srv.Client(), srv.URL, header("X-User", "alice")).body)

	for user, want := range map[string]string{"": "nobody", "bob": "bob"} {
		w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		r.Header.Set("X-User", user)
		inner.ServeHTTP(w, r)
		assert.Equal(t, want, w.Body.String(), "after the request")
	}
}

// A secret is received, but never sent.
func TestSecrets(t *testing.T) {
	key := ctxvar.New("api_key", ctxvar.Secret[string]())
	srv := start(t, ctxhttp.Middleware(ctxhttp.FromHeader(key, "X-Api-Key"))(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, key.Get()) })), false)
	assert.Equal(t, "k1", get(t, srv.Client(), srv.URL, header("X-Api-Key", "k1")).body)
	assert.PanicsWithError(t, "ctxwire.Func: api_key is marked secret and must not be sent; make it ReceiveOnly", func() {
		ctxhttp.ToHeader(key, "X-Api-Key")
	})
	assert.Panics(t, func() { ctxwire.String(key, "X-Api-Key") })
}
