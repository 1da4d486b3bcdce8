package taskhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/leakcheck"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

var (
	requestID = ctxvar.New[string]("request_id")
	password  = ctxvar.New[string]("password")
	apiKey    = ctxvar.New("api_key", ctxvar.Secret[string]())
)

// serve starts a real server with a Handler at its usual place.
func serve(t *testing.T, opts ...taskhttp.Option) (h *taskhttp.Handler, url string) {
	t.Helper()
	mux := http.NewServeMux()
	h = taskhttp.Mount(mux, opts...)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(h.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return h, server.URL + "/debug/tasks"
}

// live runs a task that waits, after another one that has failed, until the test ends.
func live(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = task.Run(ctx, func(ctx context.Context) (int, error) {
			requestID.Set("<b>r1</b>")
			password.Set("secret")
			apiKey.Set("secret too")
			_, _ = task.Go(ctx, func(context.Context) (int, error) { return 0, errors.New("no luck") },
				task.Name("failed")).Await(ctx)
			close(started)
			return 0, task.Sleep(ctx, time.Hour)
		}, task.Name("<script>alert(1)</script>"))
	}()
	<-started
	t.Cleanup(func() { cancel(); <-ended })
	untilWaiting(t, 1)
}

// untilWaiting returns when there are n tasks and all of them wait.
func untilWaiting(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		tasks := task.Snapshot().Tasks
		return len(tasks) == n && !slices.ContainsFunc(tasks, func(i task.Info) bool { return i.State != task.Waiting })
	}, time.Minute, time.Millisecond)
}

func get(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(body)
}

func TestForms(t *testing.T) {
	_, url := serve(t, taskhttp.Variables(requestID, apiKey))
	live(t)
	tests := []struct {
		reason   string
		path     string
		accept   string
		status   int
		mime     string
		contains string
	}{
		{"a browser gets the page", "", "text/html,application/xhtml+xml", 200, "text/html", "<title>Tasks</title>"},
		{"curl gets the tree", "", "*/*", 200, "text/plain", "<script>alert(1)</script> #"},
		{"text, by name, also for a browser", "?format=text", "text/html", 200, "text/plain", `request_id="<b>r1</b>"`},
		{"a secret variable is redacted in the text", "?format=text", "*/*", 200, "text/plain", `api_key="` + ctxvar.Redacted + `"`},
		{"and in JSON", "?format=json", "*/*", 200, "application/json", `"api_key":"` + ctxvar.Redacted + `"`},
		{"JSON", "?format=json", "*/*", 200, "application/json", `"tasks":[{`},
		{"a trailing slash changes nothing", "/?format=json", "*/*", 200, "application/json", `"tasks":[{`},
		{"an unknown format is named as such, and not repeated", "?format=<x>", "*/*", 400, "text/plain", "there is no such format"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			resp, body := get(t, url+tt.path, "Accept", tt.accept)
			require.Equal(t, tt.status, resp.StatusCode)
			assert.Contains(t, resp.Header.Get("Content-Type"), tt.mime)
			assert.Contains(t, body, tt.contains)
			assert.NotContains(t, body, "secret", "a variable that was not chosen, or is marked as secret")
			assert.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
			assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
		})
	}
}

func TestView(t *testing.T) {
	_, url := serve(t, taskhttp.Variables(requestID))
	live(t)
	_, body := get(t, url+"?format=json")
	var v taskhttp.View
	require.NoError(t, json.Unmarshal([]byte(body), &v))
	require.Len(t, v.Tasks, 1)
	assert.Equal(t, task.Waiting, v.Tasks[0].State)
	assert.Equal(t, map[string]string{"request_id": "<b>r1</b>"}, v.Tasks[0].Variables)
	require.Len(t, v.Finished, 1)
	assert.Equal(t, "failed", v.Finished[0].Name)
	assert.Equal(t, "no luck", v.Finished[0].Error)
	assert.EqualValues(t, 1, v.Ended)
}

func TestHistoryHasTheLast(t *testing.T) {
	tests := []struct {
		reason       string
		history, ran int
		first        int // the oldest that is kept
		ended        uint64
	}{
		{"more than fit", 3, 10, 7, 10},
		{"as many as fit", 3, 3, 0, 3},
		{"fewer", 3, 2, 0, 2},
		{"no history is kept", 0, 5, 5, 0},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			_, url := serve(t, taskhttp.History(tt.history))
			for i := range tt.ran {
				_, _ = task.Go(t.Context(), func(context.Context) (int, error) { return i, nil },
					task.Name(strings.Repeat("x", i+1))).Await(t.Context())
			}
			_, body := get(t, url+"?format=json")
			var v taskhttp.View
			require.NoError(t, json.Unmarshal([]byte(body), &v))
			assert.Equal(t, tt.ended, v.Ended)
			require.Len(t, v.Finished, tt.ran-tt.first)
			for i, f := range v.Finished {
				assert.Len(t, f.Name, tt.first+i+1)
			}
		})
	}
}

func TestLongErrorsAreCut(t *testing.T) {
	_, url := serve(t)
	_, _ = task.Go(t.Context(), func(context.Context) (int, error) {
		return 0, errors.New(strings.Repeat("e", 1_000_000))
	}).Await(t.Context())
	_, body := get(t, url+"?format=json")
	assert.Less(t, len(body), 10_000)
}

func TestMaxTasks(t *testing.T) {
	_, url := serve(t, taskhttp.MaxTasks(0))
	live(t)
	_, body := get(t, url)
	assert.Equal(t, "… and 1 more\n", body)
}

// However many clients ask, one picture is taken in each interval.
func TestPicturesAreShared(t *testing.T) {
	_, url := serve(t, taskhttp.Interval(time.Hour))
	_, first := get(t, url+"?format=json")
	live(t)
	_, second := get(t, url+"?format=json")
	assert.Equal(t, first, second)
}

func TestOtherMethods(t *testing.T) {
	_, url := serve(t)
	resp, err := http.Post(url, "text/plain", strings.NewReader("x"))
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	assert.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
	assert.Equal(t, "GET, HEAD", resp.Header.Get("Allow"))
}

func TestPagePolicy(t *testing.T) {
	_, url := serve(t)
	resp, _ := get(t, url, "Accept", "text/html")
	policy := resp.Header.Get("Content-Security-Policy")
	assert.Contains(t, policy, "default-src 'none'")
	assert.Contains(t, policy, "script-src 'sha256-")
}

func TestOptionsPanic(t *testing.T) {
	tests := map[string]func(){
		"taskhttp.Option: nil Option; leave it out":                    func() { taskhttp.New(nil) },
		"taskhttp.Interval: 0s; it must be positive":                   func() { taskhttp.Interval(0) },
		"taskhttp.MaxTasks: -1 tasks; it must not be negative":         func() { taskhttp.MaxTasks(-1) },
		"taskhttp.History: -1 tasks; it must not be negative":          func() { taskhttp.History(-1) },
		"taskhttp.MaxFollowers: -1 followers; it must not be negative": func() { taskhttp.MaxFollowers(-1) },
	}
	for want, f := range tests {
		assert.PanicsWithError(t, want, f)
	}
}

func ExampleMount() {
	mux := http.NewServeMux()
	handler := taskhttp.Mount(mux, taskhttp.Variables(requestID))
	server := &http.Server{Addr: "localhost:6060", Handler: mux}
	server.RegisterOnShutdown(handler.Close)
}
