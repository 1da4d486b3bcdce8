//go:build unix

package main

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A program that loses the connection to a hub says which hub that is.
func TestTheHubIsLost(t *testing.T) {
	s := newScene(t, "127.0.0.1:0")
	url := s.url()
	c := s.heirloom(t, "worker", "--on", url)
	said, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	lines := bufio.NewScanner(said)
	require.True(t, lines.Scan(), "it serves")
	s.stop()
	require.True(t, lines.Scan())
	assert.True(t, strings.HasPrefix(lines.Text(), "heirloom: the connection to "+url+" is lost ("), lines.Text())
}

// A worker lets its commands end at the first signal, and leaves them to other workers
// at the second.
func TestAWorkerStops(t *testing.T) {
	s := newScene(t, "127.0.0.1:0")
	first, said := s.speaker(t, "first", "--lease", "10s") // after which the job is another's
	c := s.heirloom(t, "run", "--on", s.url(), "--json", ":::", "[ -e again ] || { echo $$ > pid; sleep 600; }")
	var stdout bytes.Buffer
	c.Stdout = &stdout
	require.NoError(t, c.Start())
	pid := appears(t, filepath.Join(s.dir, "pid"))
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "again"), nil, 0o600))
	require.NoError(t, first.Process.Signal(syscall.SIGTERM))
	require.True(t, said.Scan()) // two signals at once would be one
	assert.Contains(t, said.Text(), "taking no more")
	s.worker(t, "second", "--lease", "10s")
	require.NoError(t, first.Process.Signal(syscall.SIGTERM))
	_ = first.Wait()
	assert.Equal(t, 143, first.ProcessState.ExitCode())
	assertGone(t, pid)
	require.NoError(t, c.Wait())
	assert.Contains(t, stdout.String(), `"state":"ok"`)
	assert.Contains(t, stdout.String(), `"worker":"second"`)
}
