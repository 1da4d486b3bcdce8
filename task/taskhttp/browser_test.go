package taskhttp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

var tenant = ctxvar.New[string]("tenant")

// A browser is a session of a real, headless Chromium, driven through the
// WebDriver protocol, which is HTTP and JSON.
type browser struct {
	t       *testing.T
	session string // URL
}

// newBrowser starts Chromium, or skips the test where there is none.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	driver, err := exec.LookPath("chromedriver")
	if err != nil {
		t.Skip("no chromedriver on PATH (Debian: chromium-driver)")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on PATH (Debian: chromium)")
	}
	cmd := exec.Command(driver, "--port=0")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		http.DefaultClient.CloseIdleConnections()
	})
	port := ""
	started := regexp.MustCompile(`started successfully on port (\d+)`)
	lines := bufio.NewScanner(out)
	for port == "" {
		require.True(t, lines.Scan(), "chromedriver ended")
		if m := started.FindStringSubmatch(lines.Text()); m != nil {
			port = m[1]
		}
	}
	b := &browser{t: t, session: "http://127.0.0.1:" + port + "/session"}
	args := []string{
		"--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--window-size=1100,620",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir=" + t.TempDir(),
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	var session struct{ SessionID string }
	b.do(http.MethodPost, "", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"goog:chromeOptions": map[string]any{"binary": chromium, "args": args},
	}}}, &session)
	b.session += "/" + session.SessionID
	t.Cleanup(func() { b.do(http.MethodDelete, "", nil, nil) })
	return b
}

// do sends a WebDriver command and decodes its value.
func (b *browser) do(method, path string, body, value any) {
	b.t.Helper()
	var text []byte
	if body != nil {
		var err error
		text, err = json.Marshal(body)
		require.NoError(b.t, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, b.session+path, bytes.NewReader(text))
	require.NoError(b.t, err)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(b.t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	require.Equal(b.t, http.StatusOK, resp.StatusCode, "%s %s: %s", method, path, answer)
	if value != nil {
		require.NoError(b.t, json.Unmarshal(answer, &struct{ Value any }{value}))
	}
}

func (b *browser) open(url string) { b.do(http.MethodPost, "/url", map[string]any{"url": url}, nil) }

// run runs a script in the page and returns what it returns, as text.
func (b *browser) run(script string) string {
	b.t.Helper()
	var value any
	b.do(http.MethodPost, "/execute/sync", map[string]any{"script": script, "args": []any{}}, &value)
	return fmt.Sprint(value)
}

// until waits for a script to return what is wanted.
func (b *browser) until(want, script string) {
	b.t.Helper()
	got := ""
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if got = b.run(script); got == want {
			return
		}
		time.Sleep(20 * time.Millisecond) // between two looks at a page of another process
	}
	require.Equal(b.t, want, got, script)
}

func (b *browser) screenshot() []byte {
	b.t.Helper()
	var text string
	b.do(http.MethodGet, "/screenshot", nil, &text)
	png, err := base64.StdEncoding.DecodeString(text)
	require.NoError(b.t, err)
	return png
}

// A person's visit: the page shows the tree and keeps up with it, filters, pauses,
// shows what has ended, and takes no text of the program for markup.
func TestPageInABrowser(t *testing.T) {
	b := newBrowser(t)
	_, url := serve(t, taskhttp.Interval(50*time.Millisecond), taskhttp.Variables(requestID, tenant))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	step := make(chan func(context.Context))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = task.Run(ctx, func(ctx context.Context) (int, error) {
			for f := range step {
				f(ctx)
			}
			return 0, nil
		}, task.Name("server"))
	}()
	in := func(f func(context.Context)) {
		done := make(chan struct{})
		step <- func(ctx context.Context) { f(ctx); close(done) }
		<-done
	}

	b.open(url)
	const names = `return [...document.querySelectorAll("#tasks .name")].map(e => e.textContent.split(" #")[0]).join(",")`
	b.until("server", names)
	b.until("live", `return document.getElementById("link").textContent`)

	// The page keeps up without being loaded again.
	var requests []*task.Task[int]
	in(func(ctx context.Context) {
		for i, name := range []string{"GET /orders", "GET /cart", "<img src=x onerror=alert(1)>"} {
			requestID.Set(fmt.Sprintf("r%d", i))
			tenant.Set([]string{"acme", "initech", "<b>bold</b>"}[i])
			requests = append(requests, task.Go(ctx, func(ctx context.Context) (int, error) {
				return 0, task.Sleep(ctx, time.Hour)
			}, task.Name(name)))
		}
	})
	b.until("server,GET /orders,GET /cart,<img src=x onerror=alert(1)>", names)
	assert.Equal(t, "0", b.run(`return document.querySelectorAll("img, td b b").length`), "text became markup")
	assert.Contains(t, b.run(`return document.getElementById("tasks").textContent`), "<b>bold</b>")
	assert.Contains(t, b.run(`return document.getElementById("tasks").textContent`), "sleep")

	// A filter keeps what matches and what that is in.
	b.run(`const f = document.getElementById("filter"); f.value = "initech"; f.dispatchEvent(new Event("input"))`)
	b.until("server,GET /cart", names)
	b.run(`const f = document.getElementById("filter"); f.value = ""; f.dispatchEvent(new Event("input"))`)

	// While it is paused, nothing changes.
	b.run(`document.getElementById("pause").click()`)
	requests[0].Cancel(nil)
	in(func(ctx context.Context) {
		_, _ = task.Go(ctx, func(context.Context) (int, error) { return 0, fmt.Errorf("card declined") },
			task.Name("POST /payment")).Await(ctx)
	})
	<-requests[0].Done()
	time.Sleep(200 * time.Millisecond) // several pictures
	assert.Equal(t, "server,GET /orders,GET /cart,<img src=x onerror=alert(1)>", b.run(names))
	b.run(`document.getElementById("pause").click()`)
	b.until("server,GET /cart,<img src=x onerror=alert(1)>", names)

	// What has ended is in the timeline.
	const bars = `return [...document.querySelectorAll("#timeline rect")].map(e => e.getAttribute("class")).sort().join(",")`
	b.until("canceled,failed", bars)
	assert.Contains(t, b.run(`return document.getElementById("timeline").textContent`), "card declined")
	png := b.screenshot()
	assert.True(t, bytes.HasPrefix(png, []byte("\x89PNG")))
	if to := os.Getenv("TASKHTTP_SCREENSHOT"); to != "" {
		require.NoError(t, os.WriteFile(to, png, 0o644))
	}

	// No script but the page's own ran, and none was refused for being unknown.
	assert.Empty(t, strings.Trim(b.run(`return performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.endsWith("/events")).join()`), " "))
	close(step)
	<-ended
}
