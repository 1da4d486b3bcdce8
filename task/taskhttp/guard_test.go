package taskhttp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// Requests that a browser sends for another site's page are refused in every form, and
// so is a host name that is not this machine's.
func TestStrangersAreRefused(t *testing.T) {
	_, url := serve(t, taskhttp.Hosts("Tasks.example.com"), taskhttp.Interval(time.Hour))
	html := "text/html"
	tests := []struct {
		reason string
		host   string // "" for the address
		header []string
		ok     bool
	}{
		{"no browser", "", nil, true},
		{"the name of the machine", "localhost:80", nil, true},
		{"a name below it", "app.localhost", nil, true},
		{"with a dot at the end, in capitals", "LOCALHOST.:80", nil, true},
		{"another address of it", "127.9.9.9", nil, true},
		{"its other address", "[::1]:80", nil, true},
		{"a proxy's name that was given", "tasks.example.com", nil, true},
		{"a name that was rebound", "evil.example", nil, false},
		{"one that begins like the machine's", "localhost.evil.example", nil, false},
		{"one that begins like an address", "127.0.0.1.evil.example:8080", nil, false},
		{"an address of another machine", "192.0.2.1", nil, false},
		{"the page's own requests", "", []string{"Sec-Fetch-Site", "same-origin"}, true},
		{"typed by the user", "", []string{"Sec-Fetch-Site", "none"}, true},
		{"another site", "", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"another port of this machine", "", []string{"Sec-Fetch-Site", "same-site"}, false},
		{"another origin, of an older browser", "", []string{"Origin", "https://evil.example"}, false},
		{"a frame without an origin", "", []string{"Origin", "null"}, false},
		{"a picture in another page, of an older browser", "", []string{"Referer", "http://evil.example/"}, false},
		{"a form by a stranger that opens a window", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, false},
		{"a rebound name whose page asks", "evil.example", []string{"Sec-Fetch-Site", "same-origin"}, false},
	}
	forms := map[string]string{"": "*/*", "?format=json": "*/*", "?format=text": html, "/events": "text/event-stream", "?stack=1": "*/*", "?": html}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			for form, accept := range forms {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+form, nil)
				require.NoError(t, err)
				r.Header.Set("Accept", accept)
				r.Host = tt.host
				for i := 0; i < len(tt.header); i += 2 {
					r.Header.Set(tt.header[i], tt.header[i+1])
				}
				resp, err := http.DefaultClient.Do(r)
				require.NoError(t, err)
				_ = resp.Body.Close()
				// The page itself has no data of the program. Without the newer headers, the
				// server can't tell who opens it.
				refused := resp.StatusCode == http.StatusForbidden
				if len(tt.header) == 2 && tt.header[0] == "Referer" && form == "?" {
					refused = true
				}
				assert.Equal(t, tt.ok, !refused, "%s: %s", form, resp.Status)
			}
		})
	}

	link := []string{"Accept", html, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	resp, body := get(t, url, link...)
	assert.Equal(t, http.StatusOK, resp.StatusCode, "a link in another page may open this one")
	assert.Contains(t, body, "<title>")
	resp, _ = get(t, url+"?format=json", link...)
	assert.Equal(t, http.StatusForbidden, resp.StatusCode, "but nothing that has something of the program")
}

// Beyond loopback, the host name is the program's business.
func TestHostsElsewhere(t *testing.T) {
	h := taskhttp.New()
	defer h.Close()
	r := httptest.NewRequest(http.MethodGet, "http://tasks.internal/debug/tasks", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	assert.Equal(t, http.StatusOK, w.Code)
}

// A machine that has all the places for followers gives one up to another machine, but
// not to itself.
func TestNobodyHoldsAllPlaces(t *testing.T) {
	h := taskhttp.New(taskhttp.MaxFollowers(3), taskhttp.Interval(time.Hour))
	from := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = from
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	defer h.Close()
	follow := func(addr string) *http.Response {
		from = addr
		resp, err := http.Get(server.URL + "/events")
		require.NoError(t, err)
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	ended := func(resp *http.Response) bool {
		_, err := io.Copy(io.Discard, resp.Body)
		return err == nil
	}
	hog := []*http.Response{follow("[2001:db8::1]:1"), follow("[2001:db8::2]:1"), follow("[2001:db8::3]:1")}
	for _, resp := range hog {
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}
	assert.Equal(t, http.StatusServiceUnavailable, follow("[2001:db8::4]:1").StatusCode, "one network is one machine")
	other := follow("192.0.2.1:1")
	require.Equal(t, http.StatusOK, other.StatusCode)
	assert.True(t, ended(hog[0]), "the oldest one of the machine that had most")
	assert.Equal(t, http.StatusServiceUnavailable, follow("192.0.2.1:2").StatusCode, "2 and 1 are about as many")
	first := make([]byte, 12)
	_, err := io.ReadFull(hog[1].Body, first)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(first), "event: tasks"), "the others are followers still")
}

// A program can put its own authentication around the handler.
func ExampleNew() {
	isAdmin := func(*http.Request) bool { return false } // what the program knows about its users
	onlyAdmins := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !isAdmin(r) {
				http.Error(w, "sign in first", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	view := taskhttp.New(taskhttp.Variables(requestID))
	defer view.Close()
	mux := http.NewServeMux()
	mux.Handle("/debug/tasks", onlyAdmins(view))
	mux.Handle("/debug/tasks/", onlyAdmins(view))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/debug/tasks", nil))
	fmt.Println(w.Code)
	// Output: 401
}
