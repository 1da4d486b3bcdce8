package ctxhttp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// With many clients at once, each request has values of its own, in the handler and in
// the goroutines that it starts.
func TestEachRequestHasItsOwn(t *testing.T) {
	overBoth(t, func(t *testing.T, start func(http.Handler) *httptest.Server) {
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n, set := attempt.Lookup(); set {
				t.Errorf("%d is left of another request", n)
			}
			want := r.URL.Query().Get("id")
			for i := range 3 {
				attempt.Set(i)
				found := make(chan string)
				go func() { found <- fmt.Sprint(requestID.Get(), " ", attempt.Get()) }()
				if got := <-found; got != fmt.Sprint(want, " ", i) {
					t.Errorf("want %s %d, got %s", want, i, got)
				}
				runtime.Gosched()
			}
			io.WriteString(w, requestID.Get())
		})
		srv := start(ctxhttp.Middleware(ctxwire.RequestID(requestID))(handler))

		const clients, requests = 20, 10
		var all sync.WaitGroup
		for c := range clients {
			all.Go(func() {
				for n := range requests {
					id := fmt.Sprintf("%d-%d", c, n)
					got := get(t, srv.Client(), srv.URL+"?id="+id, header("X-Request-Id", id))
					assert.Equal(t, id, got.body)
					assert.Equal(t, id, got.header.Get("X-Request-Id"))
				}
			})
		}
		all.Wait()
	})
}

// requestsInARow makes two requests over one connection, and returns the values that
// are set at the start of the second.
func requestsInARow(t *testing.T, srv *httptest.Server) string {
	t.Helper()
	tryGet(t, srv.Client(), srv.URL)
	second := get(t, srv.Client(), srv.URL)
	require.True(t, second.reused, "one connection for both")
	return second.body
}

// recoverer answers for handlers that panic, as routers do, so that the connection
// lives on.
func recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { recover() }()
		next.ServeHTTP(w, r)
	})
}

// What a handler sets and does not reset is gone before the next request that
// its goroutine serves.
func TestNothingIsLeftOnTheConnection(t *testing.T) {
	handlers := map[string]http.Handler{
		"returns": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, tenant.Get())
			tenant.Set("acme")
		}),
		"panics": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, tenant.Get())
			tenant.Set("acme")
			panic("handler")
		}),
		"panics within": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, tenant.Get())
			tenant.With("acme", func() {
				ctxvar.Copy().Run(func() {
					tenant.Set("umbrella")
					panic("handler")
				})
			})
		}),
		"has labels": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, tenant.Get())
			pprof.SetGoroutineLabels(pprof.WithLabels(r.Context(), pprof.Labels("a", "b")))
			tenant.Set("acme")
		}),
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, start func(http.Handler) *httptest.Server) {
				srv := start(recoverer(ctxhttp.Middleware()(handler)))
				assert.Equal(t, "public", requestsInARow(t, srv))
			})
		})
	}

	t.Run("but is without the middleware", func(t *testing.T) {
		srv := start(t, recoverer(handlers["panics"]), false)
		assert.Equal(t, "acme", requestsInARow(t, srv), "or else this test shows nothing")
	})
}

// A panic that is not recovered ends an HTTP/1.1 connection and an HTTP/2 stream.
func TestUnrecoveredPanic(t *testing.T) {
	overBoth(t, func(t *testing.T, start func(http.Handler) *httptest.Server) {
		var failed atomic.Bool
		srv := start(ctxhttp.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, tenant.Get())
			if failed.CompareAndSwap(false, true) {
				tenant.Set("acme")
				panic(http.ErrAbortHandler)
			}
		})))
		_, err := tryGet(t, srv.Client(), srv.URL)
		require.Error(t, err)
		assert.Equal(t, "public", get(t, srv.Client(), srv.URL).body)
	})
}

// A handler reads the variables of the server's goroutine, and can't change them.
func TestCopyOfTheServersVariables(t *testing.T) {
	tenant.With("acme", func() {
		srv := start(t, ctxhttp.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, tenant.Get())
			tenant.Set("umbrella")
		})), false)
		assert.Equal(t, "acme", get(t, srv.Client(), srv.URL).body)
		assert.Equal(t, "acme", get(t, srv.Client(), srv.URL).body)
		assert.Equal(t, "acme", tenant.Get())
	})
}

func TestVariablesInTheRequestsContext(t *testing.T) {
	jobs, found := make(chan context.Context), make(chan string)
	go func() { // has no variables
		for ctx := range jobs {
			c, ok := ctxvar.FromContext(ctx)
			if !ok {
				found <- "nothing"
				continue
			}
			c.Run(func() { found <- requestID.Get() + " " + tenant.Get() })
		}
	}()
	defer close(jobs)

	vars := ctxhttp.Middleware(ctxwire.RequestID(requestID), ctxhttp.FromHeader(tenant, "X-Tenant"))
	srv := start(t, vars(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tenant.Set("later")
		jobs <- r.Context()
		io.WriteString(w, <-found)
		pprof.Do(r.Context(), pprof.Labels("a", "b"), func(context.Context) {
			io.WriteString(w, ", "+requestID.Get()+" "+tenant.Get())
		})
	})), false)
	got := get(t, srv.Client(), srv.URL, header("X-Request-Id", "r1"), header("X-Tenant", "acme"))
	assert.Equal(t, "r1 later, r1 later", got.body)
}

func TestTimeoutHandler(t *testing.T) {
	vars := ctxhttp.Middleware(ctxwire.RequestID(requestID))
	tell := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, requestID.Get()) })
	for name, h := range map[string]http.Handler{
		"around": http.TimeoutHandler(vars(tell), time.Minute, "late"),
		"within": vars(http.TimeoutHandler(tell, time.Minute, "late")),
	} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, h, false)
			assert.Equal(t, "r1", get(t, srv.Client(), srv.URL, header("X-Request-Id", "r1")).body)
		})
	}
}

// The handler gets the server's own ResponseWriter.
func TestResponseWriterIsTheServers(t *testing.T) {
	overBoth(t, func(t *testing.T, start func(http.Handler) *httptest.Server) {
		var outer http.ResponseWriter
		inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { assert.True(t, outer == w) })
		vars := ctxhttp.Middleware(ctxwire.RequestID(requestID))
		srv := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			outer = w
			vars(inner).ServeHTTP(w, r)
		}))
		assert.Equal(t, http.StatusOK, get(t, srv.Client(), srv.URL).status)
	})
}

// A response can be read while it is written, and deadlines can be set.
func TestStreaming(t *testing.T) {
	overBoth(t, func(t *testing.T, start func(http.Handler) *httptest.Server) {
		read := make(chan struct{})
		srv := start(ctxhttp.Middleware(ctxwire.RequestID(requestID))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			control := http.NewResponseController(w)
			assert.NoError(t, control.SetWriteDeadline(time.Now().Add(time.Minute)))
			for i := range 3 {
				fmt.Fprintln(w, i, requestID.Get())
				assert.NoError(t, control.Flush())
				<-read // proves that nothing was held back
			}
		})))

		r := bare(t, header("X-Request-Id", "r1"))
		url, err := r.URL.Parse(srv.URL)
		require.NoError(t, err)
		r.URL = url
		resp, err := srv.Client().Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		for i := range 3 {
			require.True(t, lines.Scan())
			assert.Equal(t, strconv.Itoa(i)+" r1", lines.Text())
			read <- struct{}{}
		}
		assert.False(t, lines.Scan())
	})
}

// A handler that takes over the connection keeps its variables.
func TestHijack(t *testing.T) {
	srv := start(t, ctxhttp.Middleware(ctxwire.RequestID(requestID))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		rw.Flush()
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			fmt.Fprint(rw, requestID.Get(), " ", line)
			rw.Flush()
		}
	})), false)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
	require.NoError(t, err)
	r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"echo"}, "X-Request-Id": {"r1"}}
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	conn := resp.Body.(io.ReadWriteCloser)
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for _, word := range []string{"one", "two"} {
		fmt.Fprintln(conn, word)
		require.True(t, lines.Scan())
		assert.Equal(t, "r1 "+word, lines.Text())
	}
}

// Handlers around a mux read the pattern it matched from their request.
func TestPatternIsSeenOutside(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.PathValue("id"))
	})
	r := bare(t)
	r.URL.Path = "/users/7"
	w := httptest.NewRecorder()
	ctxhttp.Middleware()(mux).ServeHTTP(w, r)
	assert.Equal(t, "7", w.Body.String())
	assert.Equal(t, "GET /users/{id}", r.Pattern)
}

func TestMiddlewareKeepsNoSliceOfItsCaller(t *testing.T) {
	sources := []ctxwire.Field{ctxwire.RequestID(requestID)}
	vars := ctxhttp.Middleware(sources...)
	sources[0] = ctxwire.Field{}
	w := httptest.NewRecorder()
	vars(http.NotFoundHandler()).ServeHTTP(w, bare(t, header("X-Request-Id", "r1")))
	assert.Equal(t, "r1", w.Header().Get("X-Request-Id"))
}

// Over a real connection, no part of the response contains values that were sent and
// are not well-formed.
func TestNeverReflectedRaw(t *testing.T) {
	overBoth(t, func(t *testing.T, start func(http.Handler) *httptest.Server) {
		srv := start(ctxhttp.Middleware(ctxwire.RequestID(requestID))(http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(requestID.Get())) })))
		got := get(t, srv.Client(), srv.URL, header("X-Request-Id", "<evil>"), header("Traceparent", "evil"))
		assert.NotContains(t, got.body, "evil")
		assert.NotContains(t, got.header.Get("X-Request-Id"), "evil")
		assert.Equal(t, got.body, got.header.Get("X-Request-Id"))
		assert.Len(t, got.body, 26)
	})
}
