package main_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	routers "github.com/heirloom-go/heirloom/examples/routers"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	goleak.VerifyTestMain(m)
}

// overEach runs a test over each router, behind a real server.
func overEach(t *testing.T, test func(t *testing.T, srv *httptest.Server)) {
	for name, newService := range map[string]func(*log.Logger) http.Handler{
		"chi":     routers.Chi,
		"gorilla": routers.Gorilla,
		"gin":     routers.Gin,
		"echo":    routers.Echo,
	} {
		t.Run(name, func(t *testing.T) {
			quiet := log.New(io.Discard, "", 0) // drops reports of panics, which are intended
			srv := httptest.NewUnstartedServer(newService(quiet))
			srv.Config.ErrorLog = quiet
			srv.Start()
			defer srv.Close()
			test(t, srv)
		})
	}
}

// get makes a request with an ID and a tenant; "" means none. Any goroutine may call
// it.
func get(ctx context.Context, srv *httptest.Server, path, id, tenant string) (*http.Response, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+path, nil)
	if err != nil {
		return nil, "", err
	}
	if id != "" {
		r.Header.Set("X-Request-Id", id)
	}
	if tenant != "" {
		r.Header.Set("X-Tenant", tenant)
	}
	resp, err := srv.Client().Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func TestEachRequestHasItsOwn(t *testing.T) {
	overEach(t, func(t *testing.T, srv *httptest.Server) {
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				for j := range 5 {
					id, tenant, name := fmt.Sprintf("r%d-%d", i, j), fmt.Sprint("t", i), fmt.Sprint("n", j)
					resp, body, err := get(t.Context(), srv, "/hello/"+name, id, tenant)
					if assert.NoError(t, err) {
						assert.Equal(t, fmt.Sprintf("hello %s of %s, request %s", name, tenant, id), body)
						assert.Equal(t, id, resp.Header.Get("X-Request-Id"))
					}
				}
			})
		}
		all.Wait()
	})
}

// A goroutine that has inherited nothing knows the request by the ctx that it is given,
// which for gin is the *gin.Context itself.
func TestCtx(t *testing.T) {
	overEach(t, func(t *testing.T, srv *httptest.Server) {
		_, body, err := get(t.Context(), srv, "/later/ann", "r1", "acme")
		require.NoError(t, err)
		assert.Equal(t, "hello ann of acme, request r1", body)
	})
}

func TestNewRequestID(t *testing.T) {
	overEach(t, func(t *testing.T, srv *httptest.Server) {
		resp, body, err := get(t.Context(), srv, "/hello/ann", "<evil>", "")
		require.NoError(t, err)
		id := resp.Header.Get("X-Request-Id")
		assert.Len(t, id, 26)
		assert.Equal(t, "hello ann of public, request "+id, body)
	})
}

// When a handler has panicked, nothing of its request is left for the next one in the
// same goroutine.
func TestPanic(t *testing.T) {
	overEach(t, func(t *testing.T, srv *httptest.Server) {
		resp, _, err := get(t.Context(), srv, "/fail", "", "")
		recovered := err == nil
		if recovered {
			assert.Equal(t, http.StatusInternalServerError, resp.StatusCode)
		}

		var reused bool
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused },
		})
		_, body, err := get(ctx, srv, "/hello/ann", "r2", "")
		require.NoError(t, err)
		assert.Equal(t, "hello ann of public, request r2", body)
		assert.Equal(t, recovered, reused, "net/http ends the connection only if nobody recovers")
	})
}

// A WebSocket takes over the connection, and its handler keeps the variables.
func TestWebSocket(t *testing.T) {
	overEach(t, func(t *testing.T, srv *httptest.Server) {
		conn, resp, err := websocket.Dial(t.Context(), srv.URL+"/chat", &websocket.DialOptions{
			HTTPClient: srv.Client(),
			HTTPHeader: http.Header{"X-Request-Id": {"r1"}, "X-Tenant": {"acme"}},
		})
		require.NoError(t, err)
		defer conn.CloseNow()
		assert.Equal(t, "r1", resp.Header.Get("X-Request-Id"), "this library sends the handler's headers")
		for _, name := range []string{"ann", "bob"} {
			require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte(name)))
			_, got, err := conn.Read(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "hello "+name+" of acme, request r1", string(got))
		}
		require.NoError(t, conn.Close(websocket.StatusNormalClosure, ""))
	})
}

// GinMiddleware stops gin's chain where the middleware stops.
func TestGinMiddlewareAborts(t *testing.T) {
	r := gin.New()
	r.Use(routers.GinMiddleware(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) })
	}))
	r.GET("/", func(*gin.Context) { t.Error("called") })
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, http.StatusForbidden, w.Code)
}
