//go:build unix

package main

import (
	"bufio"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/remote"
)

// Programs of this machine are found and reached by their process ids.
func TestPSOfProcesses(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	var ids []string
	for range 2 {
		c := command(t, "serve", "--http", "127.0.0.1:0", "--echo", "127.0.0.1:0")
		log, err := c.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, c.Start())
		_, err = bufio.NewReader(log).ReadString('\n')
		require.NoError(t, err)
		id := strconv.Itoa(c.Process.Pid)
		ids = append(ids, id)
		t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
		require.Eventually(t, func() bool { return slices.Contains(remote.Processes(), c.Process.Pid) }, time.Minute, 5*time.Millisecond)

		var code int
		var stdout, stderr string
		require.Eventually(t, func() bool { // its socket is there before it listens
			code, stdout, stderr = heirloom("ps", id)
			return code == 0
		}, time.Minute, 5*time.Millisecond)
		assert.Contains(t, stdout, "services #")
		code, stdout, stderr = heirloom("top", id, "--count", "1")
		require.Equal(t, 0, code, stderr)
		assert.Contains(t, stdout, "process "+id+"  ")
	}
	// On a busy machine, one that answers too late is not listed as it should be.
	var stdout string
	for _, id := range ids {
		lists := regexp.MustCompile(`(?m)^` + id + ` +\d+ +\S+ +heirloom.test \(`)
		require.Eventually(t, func() bool {
			_, stdout, _ = heirloom("ps")
			return lists.MatchString(stdout)
		}, time.Minute, time.Millisecond)
	}
	require.Eventually(t, func() bool {
		_, stdout, _ = heirloom("__complete", "top", "")
		return strings.Contains(stdout, ids[0]+"\theirloom.test") && strings.Contains(stdout, ids[1]+"\theirloom.test")
	}, time.Minute, time.Millisecond)

	// A program that does not answer delays the list only for a short time, and is named.
	pid, err := strconv.Atoi(ids[0])
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	var status syscall.WaitStatus
	_, err = syscall.Wait4(pid, &status, syscall.WUNTRACED, nil) // until its last thread has stopped
	require.NoError(t, err)
	require.True(t, status.Stopped())
	lists := regexp.MustCompile(`(?m)^` + ids[1] + ` +\d+ `)
	require.Eventually(t, func() bool {
		_, stdout, _ = heirloom("ps")
		return lists.MatchString(stdout)
	}, time.Minute, time.Millisecond)
	assert.Regexp(t, `(?m)^`+ids[0]+` +\? +\? +cannot reach process `+ids[0]+`: no answer`, stdout)

	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.Eventually(t, func() bool {
		_, stdout, _ = heirloom("ps")
		return !strings.Contains(stdout, ids[0])
	}, time.Minute, 20*time.Millisecond, "what is left of one that was killed is no program")
}
