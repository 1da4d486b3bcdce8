package taskhttp_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// events follows the events and returns a function for the next View.
func events(t *testing.T, url string) (next func() (taskhttp.View, error)) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/events", nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	t.Cleanup(func() { _ = resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 10<<20)
	return func() (v taskhttp.View, err error) {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return v, json.Unmarshal([]byte(data), &v)
			}
		}
		return v, io.EOF
	}
}

func TestEvents(t *testing.T) {
	_, url := serve(t, taskhttp.Interval(time.Millisecond))
	next := events(t, url)
	v, err := next()
	require.NoError(t, err)
	require.Empty(t, v.Tasks)
	live(t)
	for len(v.Tasks) == 0 {
		before := v.Time
		v, err = next()
		require.NoError(t, err)
		require.False(t, v.Time.Before(before))
	}
	assert.Equal(t, "<script>alert(1)</script>", v.Tasks[0].Name)
}

func TestCloseEndsEvents(t *testing.T) {
	h, url := serve(t, taskhttp.Interval(time.Hour))
	next := events(t, url)
	_, err := next()
	require.NoError(t, err)
	h.Close()
	_, err = next()
	assert.ErrorIs(t, err, io.EOF)
	resp, _ := get(t, url)
	assert.Equal(t, http.StatusOK, resp.StatusCode, "the rest is served as before")
}

func TestMaxFollowers(t *testing.T) {
	_, url := serve(t, taskhttp.MaxFollowers(1), taskhttp.Interval(time.Hour))
	next := events(t, url)
	_, err := next()
	require.NoError(t, err)
	resp, _ := get(t, url+"/events")
	assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	assert.NotEmpty(t, resp.Header.Get("Retry-After"))
	resp, _ = get(t, url)
	assert.Equal(t, http.StatusOK, resp.StatusCode, "who does not follow is not counted")
}

// pipes is a listener with connections that buffer nothing, so that a write blocks at
// once if the other side doesn't read.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "pipe"} }

// A client that reads nothing is cut off, and another one gets its place.
func TestSlowClientIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		h := taskhttp.New(taskhttp.MaxFollowers(1))
		server := &http.Server{Handler: h}
		go func() { _ = server.Serve(listener) }()
		defer h.Close()
		defer func() { _ = server.Close() }()
		status := func() string {
			conn := listener.dial()
			defer func() { _ = conn.Close() }()
			_, err := io.WriteString(conn, "GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			require.NoError(t, err)
			line, err := bufio.NewReader(conn).ReadString('\n')
			require.NoError(t, err)
			return strings.TrimSpace(line)
		}

		slow := listener.dial()
		defer func() { _ = slow.Close() }()
		_, err := io.WriteString(slow, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, "HTTP/1.1 503 Service Unavailable", status(), "the one place is taken")
		time.Sleep(9 * time.Second)
		require.Equal(t, "HTTP/1.1 503 Service Unavailable", status(), "a client may be late")
		time.Sleep(2 * time.Second)
		require.Equal(t, "HTTP/1.1 200 OK", status())
	})
}
