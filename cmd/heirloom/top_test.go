package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// watched serves a live view with one task in it, and returns its address.
func watched(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	view := taskhttp.Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(view.Close)
	ctx, cancel := context.WithCancel(context.Background())
	failed := task.Go(ctx, func(context.Context) (int, error) { return 0, errors.New("first line\nsecond") }, task.Name("broken"))
	_, _ = failed.Await(ctx)
	waiting := task.Go(ctx, func(ctx context.Context) (int, error) { return 0, task.Sleep(ctx, time.Hour) }, task.Name("evil\x1b[31m"))
	t.Cleanup(func() { cancel(); <-waiting.Done() })
	require.Eventually(t, func() bool { return waiting.State() == task.Waiting }, 10*time.Second, time.Millisecond)
	return server.Listener.Addr().String()
}

func TestPS(t *testing.T) {
	addr := watched(t)
	code, stdout, stderr := heirloom("ps", addr)
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stdout, `"evil\x1b[31m" #`, "a name cannot steer the terminal")
	assert.Contains(t, stdout, "  waiting  ")
	assert.Contains(t, stdout, "  for sleep")

	code, stdout, _ = heirloom("ps", "--flat", addr)
	require.Equal(t, 0, code)
	assert.True(t, strings.HasPrefix(stdout, "ID  "), stdout)
	assert.NotContains(t, stdout, "\x1b")

	code, stdout, _ = heirloom("ps", "--json", addr)
	require.Equal(t, 0, code)
	assert.Contains(t, stdout, `"finished":[{`)
}

func TestTopPrintsPictures(t *testing.T) {
	addr := watched(t)
	code, stdout, stderr := heirloom("top", addr, "--count", "2", "--interval", "10ms")
	require.Equal(t, 0, code, stderr)
	assert.Equal(t, 2, strings.Count(stdout, "1 live (0 running, 1 waiting), 1 ended"))
	assert.Contains(t, stdout, "failed after")
	assert.Contains(t, stdout, ": first line\n")
	assert.NotContains(t, stdout, "\x1b", "what is not a terminal gets no escapes")
}

func TestTopPrintsJSONLines(t *testing.T) {
	addr := watched(t)
	code, stdout, stderr := heirloom("top", addr, "--count", "2", "--interval", "10ms", "--json")
	require.Equal(t, 0, code, stderr)
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	require.Len(t, lines, 2)
	for _, line := range lines {
		var view taskhttp.View
		require.NoError(t, json.Unmarshal([]byte(line), &view))
		require.Len(t, view.Tasks, 1)
		assert.Equal(t, "evil\x1b[31m", view.Tasks[0].Name)
		assert.Equal(t, task.Waiting, view.Tasks[0].State)
	}
}

func TestTopUntilInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		looks := 0
		err := top(ctx, 0, time.Second, func(_ context.Context, n int) error {
			looks++
			assert.Equal(t, looks, n)
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, 4, looks)
	})
}

func TestFit(t *testing.T) {
	tests := []struct {
		reason        string
		text          string
		width, height int
		want          string
	}{
		{"fits", "ab\ncd\n", 2, 3, "ab\ncd\n"},
		{"a long line", "abcd\n", 3, 5, "ab…\n"},
		{"too many lines", "a\nb\nc\nd\n", 5, 3, "a\nb\n…\n"},
		{"runes, not bytes", "äöü\n", 4, 5, "äöü\n"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) { assert.Equal(t, tt.want, fit(tt.text, tt.width, tt.height)) })
	}
}

func TestServeRefusesBadAddresses(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	tests := []struct {
		reason, args, want string
		code               int
	}{
		{"no port", "serve --http localhost", `--http "localhost" is no address; give host:port, as localhost:8080`, 2},
		{"in use", "serve --http localhost:0 --echo " + taken.Listener.Addr().String(), "address already in use", 1},
		{"an argument", "serve now", `unexpected argument "now"`, 2},
		{"ps of nothing", "ps", "which program? heirloom ps takes its address", 2},
		{"ps of no address", "ps localhost", `address "localhost": there is no port in it`, 2},
		{"ps of another service", "ps " + taken.Listener.Addr().String(), "is task/taskhttp mounted there?", 1},
		{"two forms", "ps --json --flat :1", "none of the others can be", 1},
		{"top too fast", "top :1 --interval 1ms", "too short", 2},
		{"top of less than nothing", "top :1 --count=-1", "negative", 2},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			code, stdout, stderr := heirloom(strings.Fields(tt.args)...)
			assert.Equal(t, tt.code, code)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, tt.want)
			assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
		})
	}
}
