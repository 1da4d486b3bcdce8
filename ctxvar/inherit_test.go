package ctxvar_test

import (
	"context"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var requestID = ctxvar.New("request_id", ctxvar.Default("none"))

// A goroutine has its parent's values at the moment of the go statement, and afterwards
// neither changes the other's.
func TestGoInheritsASnapshot(t *testing.T) {
	requestID.Set("parent")
	parentSet, childSet := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		<-parentSet
		assert.Equal(t, "parent", requestID.Get())
		requestID.Set("child")
		close(childSet)
	})
	requestID.Set("parent later")
	close(parentSet)
	<-childSet
	assert.Equal(t, "parent later", requestID.Get())
	wg.Wait()
}

// The first use in a goroutine may be after it has started others.
func TestGoBeforeTheFirstUse(t *testing.T) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		<-start
		assert.Equal(t, "none", requestID.Get())
		requestID.Set("child")
		assert.Equal(t, "child", requestID.Get())
	})
	requestID.Set("parent")
	close(start)
	wg.Wait()
	assert.Equal(t, "parent", requestID.Get())
}

// In several generations, each adds one variable and changes the first.
func TestGoThroughGenerations(t *testing.T) {
	const depth = 50
	vars := ints(depth)
	var generation func(n int)
	generation = func(n int) {
		if n == depth {
			return
		}
		vars[0].Set(n)
		vars[n].Set(n)
		assert.Nil(t, inGoroutine(func() { generation(n + 1) }))
		assert.Equal(t, n, vars[0].Get())
		assert.Equal(t, n+1, ctxvar.Copy().Len())
	}
	generation(0)
}

// A goroutine that only reads has the same values as its parent, as long as the parent
// sets nothing.
func TestManyChildrenAtOnce(t *testing.T) {
	requestID.Set("shared")
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			if i%2 == 0 {
				defer requestID.Set("own").Reset()
				assert.Equal(t, "own", requestID.Get())
				return
			}
			assert.Equal(t, "shared", requestID.Get())
		})
	}
	wg.Wait()
	assert.Equal(t, "shared", requestID.Get())
}

func TestErrgroupInherits(t *testing.T) {
	requestID.Set("r1")
	g, _ := errgroup.WithContext(t.Context())
	for range 4 {
		g.Go(func() error {
			assert.Equal(t, "r1", requestID.Get())
			requestID.Set("job")
			return nil
		})
	}
	require.NoError(t, g.Wait())
	assert.Equal(t, "r1", requestID.Get())
}

// An iterator behind iter.Pull runs in a coroutine, which is a goroutine. It has the
// values at the call of iter.Pull, and what it sets is its own.
func TestIterPullInherits(t *testing.T) {
	requestID.Set("at Pull")
	next, stop := iter.Pull(func(yield func(string) bool) {
		for yield(requestID.Get()) {
			requestID.Set("set by the iterator")
		}
	})
	defer stop()
	requestID.Set("after Pull")
	for _, want := range []string{"at Pull", "set by the iterator", "set by the iterator"} {
		got, ok := next()
		assert.True(t, ok)
		assert.Equal(t, want, got)
		assert.Equal(t, "after Pull", requestID.Get())
	}
}

// The body of a range-over-func loop and its iterator run in one goroutine, with no
// boundary.
func TestRangeOverFuncIsTheSameGoroutine(t *testing.T) {
	each := func(yield func(int) bool) {
		requestID.With("iterator", func() { yield(1) })
	}
	for range each {
		assert.Equal(t, "iterator", requestID.Get())
		requestID.Set("body")
	}
	assert.Equal(t, "none", requestID.Get())
}

// The runtime's timers start the goroutine of time.AfterFunc, and have no values: take
// a Copy along.
func TestAfterFuncDoesNotInherit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requestID.Set("r1")
		got := make(chan string, 2)
		time.AfterFunc(time.Second, func() { got <- requestID.Get() })
		assert.Equal(t, "none", <-got)

		c := ctxvar.Copy()
		time.AfterFunc(time.Second, func() { c.Run(func() { got <- requestID.Get() }) })
		assert.Equal(t, "r1", <-got)
	})
}

// The goroutine that cancels starts that of context.AfterFunc.
func TestContextAfterFuncInheritsFromTheCanceller(t *testing.T) {
	got := make(chan string)
	ctx, cancel := context.WithCancel(context.Background())
	requestID.With("registers", func() {
		context.AfterFunc(ctx, func() { got <- requestID.Get() })
	})
	requestID.With("cancels", cancel)
	assert.Equal(t, "cancels", <-got)
}

// The runtime's goroutines for finalizers and cleanups have no values, whichever
// goroutine first asked for one.
func TestCleanupsDoNotInherit(t *testing.T) {
	requestID.Set("r1")
	got := make(chan string, 1)
	func() {
		p := new([16]int)
		runtime.AddCleanup(p, func(got chan string) { got <- requestID.Get() }, got)
	}()
	for {
		runtime.GC()
		select {
		case id := <-got:
			assert.Equal(t, "none", id)
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestSynctestBubbleInherits(t *testing.T) {
	requestID.Set("outside")
	synctest.Test(t, func(t *testing.T) {
		assert.Equal(t, "outside", requestID.Get())
		go requestID.Set("child")
		synctest.Wait()
		assert.Equal(t, "outside", requestID.Get())
		requestID.Set("bubble")
	})
	assert.Equal(t, "outside", requestID.Get())
}

func TestSubtestInherits(t *testing.T) {
	requestID.Set("test")
	t.Run("subtest", func(t *testing.T) {
		assert.Equal(t, "test", requestID.Get())
		requestID.Set("subtest")
		t.Cleanup(func() { assert.Equal(t, "subtest", requestID.Get()) })
	})
	assert.Equal(t, "test", requestID.Get())
}

// All handlers of a server have the values of the goroutine that called Serve, and what
// each sets is its own. The values of the client's goroutine do not cross the
// connection.
func TestHTTPServerInheritsFromServe(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("net/http has no server to connect to here")
	}
	var server *httptest.Server
	requestID.With("serve", func() {
		server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			was := requestID.Get()
			defer requestID.Set(r.URL.Path).Reset()
			child := make(chan string)
			go func() { child <- requestID.Get() }()
			_, _ = io.WriteString(w, was+" "+<-child)
		}))
	})
	defer server.Close()

	var wg sync.WaitGroup
	for _, path := range []string{"/a", "/b", "/c", "/d"} {
		wg.Go(func() {
			requestID.Set("client")
			resp, err := server.Client().Get(server.URL + path)
			if !assert.NoError(t, err) {
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			assert.NoError(t, err)
			assert.Equal(t, "serve "+path, string(body))
		})
	}
	wg.Wait()
}

// One goroutine serves all requests of a connection in turn. So a value that a handler
// sets and does not reset is there for the next one: middleware has to reset it, or to
// run the handler in a Copy.
func TestHTTPServerConnectionIsOneGoroutine(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("net/http has no server to connect to here")
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, requestID.Get())
		requestID.Set(r.URL.Path)
	})
	for _, tt := range []struct {
		name, second string
		handler      http.Handler
	}{
		{"bare", "/1", handler},
		{"in a Copy", "none", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctxvar.Copy().Run(func() { handler.ServeHTTP(w, r) })
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.handler)
			defer server.Close()
			get := func(path string) string {
				resp, err := server.Client().Get(server.URL + path)
				require.NoError(t, err)
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				return string(body)
			}
			assert.Equal(t, "none", get("/1"))
			assert.Equal(t, tt.second, get("/2"))
		})
	}
}

// A client's transport dials in a goroutine of its own, which inherits. A RoundTripper
// runs in the caller's goroutine.
func TestHTTPClientInherits(t *testing.T) {
	if runtime.GOARCH == "wasm" {
		t.Skip("net/http has no server to connect to here")
	}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			assert.Equal(t, "client", requestID.Get())
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "client", requestID.Get())
		return transport.RoundTrip(r)
	})}
	requestID.Set("client")
	resp, err := client.Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A goroutine locked to its thread is like any other.
func TestLockedThreadInherits(t *testing.T) {
	requestID.Set("r1")
	assert.Nil(t, inGoroutine(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		assert.Equal(t, "r1", requestID.Get())
		requestID.Set("r2")
		assert.Nil(t, inGoroutine(func() { assert.Equal(t, "r2", requestID.Get()) }))
	}))
	assert.Equal(t, "r1", requestID.Get())
}

// When the stack of a goroutine grows or shrinks, nothing changes.
func TestStackGrowth(t *testing.T) {
	requestID.Set("r1")
	var deep func(n int) string
	deep = func(n int) string {
		var pad [256]byte
		if n == 0 {
			runtime.GC()
			requestID.Set("deep")
			return requestID.Get()
		}
		got := deep(n - 1)
		runtime.KeepAlive(&pad)
		return got
	}
	assert.Equal(t, "deep", deep(2000))
	runtime.GC()
	assert.Equal(t, "deep", requestID.Get())
}
