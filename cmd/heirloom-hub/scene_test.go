//go:build unix

package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A scene is a hub and the command heirloom, with a configuration folder that has the
// hub's token.
type scene struct {
	*hub
	dir     string
	program string
	env     []string
}

func newScene(t *testing.T, listen string, set ...func(*options)) *scene {
	t.Helper()
	program, err := buildHeirloom()
	require.NoError(t, err)
	s := &scene{dir: t.TempDir(), program: program}
	t.Setenv("HOME", s.dir)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(s.dir, "config"))
	o := &options{listen: listen, store: filepath.Join(s.dir, "store")}
	for _, f := range set {
		f(o)
	}
	require.NoError(t, o.check())
	s.hub, err = o.start(os.Stderr)
	require.NoError(t, err)
	t.Cleanup(s.stop)
	return s
}

// heirloom returns the command as a process, which is killed with the test.
func (s *scene) heirloom(t *testing.T, args ...string) *exec.Cmd {
	c := exec.CommandContext(t.Context(), s.program, args...)
	c.Dir = s.dir
	c.Env = append(os.Environ(), s.env...)
	return c
}

// run runs it to its end.
func (s *scene) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	c := s.heirloom(t, append([]string{args[0], "--on", s.url()}, args[1:]...)...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if c.ProcessState == nil {
		require.NoError(t, err)
	}
	return c.ProcessState.ExitCode(), out.String(), errs.String()
}

// worker starts a worker, and returns when it serves.
func (s *scene) worker(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	c, said := s.speaker(t, name, args...)
	go func() { // the pipe must not fill up; the goroutine ends with the process
		for said.Scan() {
		}
	}()
	return c
}

// speaker is worker for a test that reads what the worker says. The lease is longer than
// any pause of a busy machine, so that only a test about leases sees one end.
func (s *scene) speaker(t *testing.T, name string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	c := s.heirloom(t, append([]string{"worker", "--on", s.url(), "--name", name, "--lease", "5m"}, args...)...)
	said, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
	})
	lines := bufio.NewScanner(said)
	require.True(t, lines.Scan())
	require.Contains(t, lines.Text(), "worker "+name+" runs ")
	return c, lines
}

// appears waits for a file that a command writes, and returns its content.
func appears(t *testing.T, path string) string {
	t.Helper()
	var text []byte
	require.Eventually(t, func() bool {
		var err error
		text, err = os.ReadFile(path)
		return err == nil && len(text) > 0
	}, time.Minute, 10*time.Millisecond, path)
	return strings.TrimSpace(string(text))
}

// heard waits until a worker listens for the cancellation of its job, which it begins to
// do only when the job has lasted for some milliseconds.
func (s *scene) heard(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		all, err := s.server.Subsz(&server.SubszOptions{Subscriptions: true, Limit: 1000})
		return assert.NoError(t, err) && slices.ContainsFunc(all.Subs, func(d server.SubDetail) bool { return strings.Contains(d.Subject, ".cancel.") })
	}, time.Minute, 5*time.Millisecond)
}

// assertGone waits for the end of a process that has been killed.
func assertGone(t *testing.T, pid string) {
	t.Helper()
	assert.Eventually(t, func() bool { return exec.Command("sh", "-c", "kill -0 "+pid).Run() != nil }, time.Minute, 10*time.Millisecond)
}
