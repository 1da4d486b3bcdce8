package remote_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	tests := []struct{ addr, reason, wrong string }{
		{"localhost:8080", "host and port", ""},
		{":8080", "a port of this machine", ""},
		{"[::1]:8080", "an IPv6 address", ""},
		{"http://example.com/internal/tasks", "a URL with its own path", ""},
		{"https://example.com", "a URL with the usual path and port", ""},
		{"4711", "a process id", ""},
		{"0", "no process has this id", "it is not a process id"},
		{"-1", "nor this one", "it is not a process id"},
		{"https://me@example.com/tasks", "a user", ""},
		{"https://me:secret@example.com/tasks", "a password", "a password does not belong there, where others can read it; use --netrc or --headers"},
		{"localhost", "no port", "it has no port"},
		{"localhost:", "a colon and no port", "it has no port"},
		{"", "nothing", "it has no port"},
		{"ftp://example.com", "another scheme", "the scheme ftp is not known here; use http or https"},
		{"http://[::1", "no URL", "it is no URL"},
		{"localhost:http8", "no number", "it is no URL"},
		{"localhost:80?match=a&key=b", "a query", ""},
		{"localhost:80?%zz", "no query", "what follows the ? is not a query"},
		{"localhost:80?root=x", "no ID", "root=x is not the ID of a task"},
		{"localhost:80?stack=1", "a parameter that ps has a flag for", "stack does not belong there; ps has --stack"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			_, err := remote.Parse(tt.addr)
			if tt.wrong == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, tt.wrong)
			}
		})
	}
}

// The address of the page shows what it shows, and may have more in it that the server,
// or what is before it, wants.
func TestTheQueryOfAnAddress(t *testing.T) {
	target, err := remote.Parse("http://localhost/x?match=a+b&sort=-age&root=7&key=secret")
	require.NoError(t, err)
	assert.Equal(t, remote.Query{Match: "a b", Sort: "-age", Root: 7}, target.Query)
	assert.Equal(t, "http://localhost/x", target.Name, "it is in messages")

	var got url.Values
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.Query()
		http.NotFound(w, r)
	}))
	defer server.Close()
	target, err = remote.Parse(server.URL + "?key=secret&match=x")
	require.NoError(t, err)
	client, err := remote.New(target, remote.Credentials{})
	require.NoError(t, err)
	defer client.Close()
	_, _, err = client.View(t.Context(), remote.Query{Match: "y"})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "secret")
	assert.Equal(t, url.Values{"format": {"json"}, "match": {"y"}, "key": {"secret"}}, got)
}

func TestView(t *testing.T) {
	tests := []struct {
		reason  string
		handler http.HandlerFunc
		wrong   string
	}{
		{"not found", http.NotFound, "answers 404 Not Found; is task/taskhttp mounted there?"},
		{"a login wanted", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who are you?", http.StatusUnauthorized) }, "answers 401 Unauthorized; credentials are given with --token, --token-env, --headers or --netrc"},
		{"a page to log in", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.invalid/", http.StatusFound)
		}, "answers 302 Found and points to https://login.invalid/, which is not followed; does it want credentials"},
		{"a bad query", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "taskhttp: there is no such sort\nx", http.StatusBadRequest)
		}, "refuses: there is no such sort"},
		{"not JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }, "something else than tasks"},
		{"other JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"a":1}`) }, "something else than tasks"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "{")
		}, "cannot read the tasks of"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			server := httptest.NewServer(tt.handler)
			defer server.Close()
			target, err := remote.Parse(server.URL)
			require.NoError(t, err)
			client, err := remote.New(target, remote.Credentials{})
			require.NoError(t, err)
			defer client.Close()
			_, _, err = client.View(t.Context(), remote.Query{})
			require.ErrorContains(t, err, tt.wrong)
		})
	}
	t.Run("a live view", func(t *testing.T) {
		mux := http.NewServeMux()
		defer taskhttp.Mount(mux).Close()
		server := httptest.NewServer(mux)
		defer server.Close()
		target, err := remote.Parse(server.Listener.Addr().String())
		require.NoError(t, err)
		client, err := remote.New(target, remote.Credentials{})
		require.NoError(t, err)
		defer client.Close()
		view, text, err := client.View(t.Context(), remote.Query{})
		require.NoError(t, err)
		assert.False(t, view.Time.IsZero())
		assert.Contains(t, string(text), `"tasks":`)
	})
	t.Run("nobody there", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		addr := server.Listener.Addr().String()
		server.Close()
		target, err := remote.Parse(addr)
		require.NoError(t, err)
		client, err := remote.New(target, remote.Credentials{})
		require.NoError(t, err)
		_, _, err = client.View(t.Context(), remote.Query{})
		require.ErrorContains(t, err, "cannot reach "+addr+": ")
		require.ErrorContains(t, err, "refused")
	})
}
