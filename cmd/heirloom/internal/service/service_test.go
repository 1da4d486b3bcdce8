package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is the two services, on ports of their own.
type running struct {
	web, echo string // addresses
	stop      func() error
	client    http.Client

	mu   sync.Mutex
	logs bytes.Buffer
}

func (r *running) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.logs.Write(p)
}

// records returns the log records so far.
func (r *running) records(t *testing.T) []map[string]any {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var records []map[string]any
	for line := range strings.Lines(r.logs.String()) {
		var record map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &record), line)
		records = append(records, record)
	}
	return records
}

func start(t *testing.T) *running {
	t.Helper()
	web, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return startOn(t, web, echo)
}

func startOn(t *testing.T, web, echo net.Listener) *running {
	t.Helper()
	r := &running{web: "http://" + web.Addr().String(), echo: echo.Addr().String()}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx, slog.NewJSONHandler(r, nil), web, echo) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		r.client.CloseIdleConnections()
		return <-ended
	})
	t.Cleanup(func() { _ = r.stop() })
	return r
}

func (r *running) get(t *testing.T, path, id string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.web+path, nil)
	require.NoError(t, err)
	req.Header.Set("X-Request-Id", id)
	resp, err := r.client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

// Concurrent requests each find their own ID in their work and in their log records.
func TestRequestsKnowTheirID(t *testing.T) {
	r := start(t)
	var wg sync.WaitGroup
	ids := []string{"first-request", "second-request", "third-request"}
	for _, id := range ids {
		wg.Go(func() {
			status, body := r.get(t, "/", id)
			assert.Equal(t, 200, status)
			assert.JSONEq(t, `{"request_id":"`+id+`","found":["user for request `+id+`","orders for request `+id+`"]}`, body)
		})
	}
	wg.Wait()
	require.NoError(t, r.stop())
	lookups := map[any]int{}
	for _, record := range r.records(t) {
		if record["msg"] == "looking up" {
			lookups[record["request_id"]]++
			assert.NotEmpty(t, record["client_addr"])
		}
	}
	assert.Equal(t, map[any]int{ids[0]: 2, ids[1]: 2, ids[2]: 2}, lookups)
}

func TestSlow(t *testing.T) {
	r := start(t)
	tests := []struct {
		path, reason string
		status       int
	}{
		{"/slow?for=1ms", "as long as it says", 200},
		{"/slow", "for how long is missing", 400},
		{"/slow?for=soon", "no duration", 400},
		{"/slow?for=-1s", "in the past", 400},
		{"/slow?for=100h", "too long", 400},
		{"/nowhere", "no such page", 404},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			status, _ := r.get(t, tt.path, "some-request")
			assert.Equal(t, tt.status, status)
		})
	}
}

func TestEcho(t *testing.T) {
	r := start(t)
	conn, err := net.Dial("tcp", r.echo)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	me := conn.LocalAddr().String()
	_, err = io.WriteString(conn, "hello\nthere\n")
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, me+" says hello\n"+me+" says there\nGood bye, client @ "+me+"\n", string(answer))

	require.NoError(t, r.stop())
	said := 0
	for _, record := range r.records(t) {
		if record["msg"] == "client said something" {
			said++
			assert.Equal(t, me, record["client_addr"])
		}
	}
	assert.Equal(t, 2, said)
}
