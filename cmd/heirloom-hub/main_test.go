package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// A test, or the demo, starts the test binary as heirloom-hub itself.
const actAsMain = "HEIRLOOM_TEST_MAIN"

// built is a folder for the command heirloom, which the tests run against a hub.
var built string

func TestMain(m *testing.M) {
	if os.Getenv(actAsMain) != "" {
		main()
	}
	var err error
	if built, err = os.MkdirTemp("", "heirloom-hub-test"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(built)
		os.Exit(code)
	}),
		// A server that was shut down leaves these goroutines for the life of the process.
		goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.init.0.func1"),
		goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"),
	)
}

// command returns heirloom-hub as a process, with arguments.
func command(t *testing.T, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), exe, args...)
	c.Env = append(os.Environ(), actAsMain+"=1")
	return c
}

var buildHeirloom = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "heirloom")
	c := exec.Command("go", "build", "-o", path, ".")
	c.Dir = filepath.Join("..", "heirloom")
	if text, err := c.CombinedOutput(); err != nil {
		return "", &buildError{text: string(text), err: err}
	}
	return path, nil
})

type buildError struct {
	text string
	err  error
}

func (e *buildError) Error() string { return e.err.Error() + ": " + e.text }

func TestBadInputIsOneLine(t *testing.T) {
	tests := []struct{ args, reason, want string }{
		{"serve", "no such word", `unexpected argument "serve"; heirloom-hub takes demo, or flags`},
		{"--nope", "no such flag", "flag provided but not defined: -nope"},
		{"--listen here", "no address", `--listen "here" is not an address; give host:port, as 127.0.0.1:4222`},
		{"--listen :x", "no port", `--listen ":x": a port is a number up to 65535`},
		{"--cert x", "half of a pair", "--cert and --key belong together"},
		{"--insecure", "nothing to be insecure about", "--insecure is about TLS beyond loopback, and this hub is on loopback only"},
		{"--listen :0 --insecure --cert x --key y", "one or the other", "--insecure does without TLS, and --cert is for TLS"},
		{"demo-worker", "part of the demo", "demo-worker is for the demo alone"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, 2, run(strings.Fields(tt.args), nil, &stdout, &stderr))
			assert.Empty(t, stdout.String())
			assert.Equal(t, "heirloom-hub: "+tt.want+"\n", stderr.String(), tt.reason)
		})
	}
}

func TestDemo(t *testing.T) {
	c := command(t, "demo")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	text, err := c.Output()
	require.NoError(t, err, "%s%s", text, stderr.String())
	assert.Contains(t, string(text), "\nall 24 results are there; ")
	assert.Contains(t, string(text), ", which got it from the one that was killed\n")
}
