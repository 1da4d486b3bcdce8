package service_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// A wire is a listener whose clients are in the same bubble, where it takes no time to
// reach it.
type wire struct {
	clients chan net.Conn
	closed  context.Context
	close   context.CancelFunc
}

func newWire() *wire {
	w := &wire{clients: make(chan net.Conn)}
	w.closed, w.close = context.WithCancel(context.Background())
	return w
}

func (w *wire) Accept() (net.Conn, error) {
	select {
	case conn := <-w.clients:
		return conn, nil
	case <-w.closed.Done():
		return nil, net.ErrClosed
	}
}

func (w *wire) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case w.clients <- server:
		return client, nil
	case <-w.closed.Done():
		return nil, errors.New("connection refused")
	}
}

func (w *wire) Close() error { w.close(); return nil }

func (w *wire) Addr() net.Addr { return address("wire:1") }

type address string

func (address) Network() string  { return "wire" }
func (a address) String() string { return string(a) }

// inBubble runs a test of services whose time is that of a bubble.
func inBubble(t *testing.T, test func(t *testing.T, r *running, echo *wire)) {
	// A socket would hold up the time. A process has one, and it is outside of the bubble.
	view := taskhttp.New()
	t.Cleanup(view.Close)
	if local, err := view.ListenLocal(); err == nil {
		t.Cleanup(func() { assert.NoError(t, local.Close()) })
	}
	synctest.Test(t, func(t *testing.T) {
		web, echo := newWire(), newWire()
		r := startOn(t, web, echo)
		r.client.Transport = &http.Transport{DialContext: web.dial}
		test(t, r, echo)
	})
}

// The live view shows the current requests as tasks.
func TestLiveView(t *testing.T) {
	inBubble(t, func(t *testing.T, r *running, _ *wire) {
		began, done := time.Now(), make(chan struct{})
		go func() {
			defer close(done)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.web+"/slow?for=30s", nil)
			if assert.NoError(t, err) {
				req.Header.Set("X-Request-Id", "watched-request")
				if resp, err := r.client.Do(req); err == nil { // the server hangs up
					_ = resp.Body.Close()
				}
			}
		}()
		time.Sleep(time.Second)
		_, tree := r.get(t, "/debug/tasks", "the-watcher")
		assert.Contains(t, tree, "GET /slow")
		assert.Contains(t, tree, `request_id="watched-request"`)
		require.NoError(t, r.stop(), "the request is cancelled when its time of grace is over")
		<-done
		assert.Equal(t, 6*time.Second, time.Since(began).Truncate(time.Second))
	})
}

// A client that waits gets a goodbye, and a client in the middle of a request gets its
// answer.
func TestStopLetsRequestsEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, r *running, echo *wire) {
		conn, err := echo.dial(t.Context(), "", "")
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		_, err = io.WriteString(conn, "hello\n")
		require.NoError(t, err)
		lines := bufio.NewReader(conn)
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, line, "says hello")

		answered, farewell := make(chan int, 1), make(chan string, 1)
		go func() {
			status, _ := r.get(t, "/slow?for=3s", "late-request")
			answered <- status
		}()
		go func() {
			text, _ := io.ReadAll(lines)
			farewell <- string(text)
		}()
		time.Sleep(time.Second)
		require.NoError(t, r.stop())
		assert.Equal(t, 200, <-answered)
		assert.Equal(t, "Good bye, client @ pipe\n", <-farewell)
	})
}
