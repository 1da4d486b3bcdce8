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

	"github.com/stretchr/testify/require"
)

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
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
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
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		if got = b.run(script); got == want {
			return
		}
		time.Sleep(20 * time.Millisecond) // between two looks at a page in another process
	}
	require.Equal(b.t, want, got, script)
}

// device makes the window that of a machine with that many pixels, with a light or a
// dark colour scheme.
func (b *browser) device(width, height int, scheme string) {
	b.t.Helper()
	cdp := func(cmd string, params map[string]any) {
		b.do(http.MethodPost, "/goog/cdp/execute", map[string]any{"cmd": cmd, "params": params}, nil)
	}
	cdp("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
	cdp("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}})
}

// keys presses keys, one after the other, in the element with the focus. Keys without a
// character have one of WebDriver's own.
func (b *browser) keys(keys ...string) {
	b.t.Helper()
	var actions []any
	for _, key := range strings.Split(strings.Join(keys, ""), "") {
		actions = append(actions, map[string]any{"type": "keyDown", "value": key}, map[string]any{"type": "keyUp", "value": key})
	}
	b.do(http.MethodPost, "/actions", map[string]any{"actions": []any{map[string]any{"type": "key", "id": "k", "actions": actions}}}, nil)
}

const (
	keyEnter, keyEscape = "\uE007", "\uE00C"
	keyUp, keyDown      = "\uE013", "\uE015"
	keyEnd, keyLeft     = "\uE010", "\uE012"
)

func (b *browser) screenshot() []byte {
	b.t.Helper()
	var text string
	b.do(http.MethodGet, "/screenshot", nil, &text)
	png, err := base64.StdEncoding.DecodeString(text)
	require.NoError(b.t, err)
	return png
}
