//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start starts heirloom as a process, and fails the test if that takes too long.
func startCommand(t *testing.T, args ...string) (c *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	c = command(t, args...)
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	c.Stdout, c.Stderr = stdout, stderr
	require.NoError(t, c.Start())
	return c, stdout, stderr
}

func waitForFile(t *testing.T, path string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		require.True(t, time.Now().Before(deadline), "%s did not come about", path)
	}
}

func TestRunIsInterrupted(t *testing.T) {
	tests := []struct {
		signal syscall.Signal
		name   string
		code   int
	}{
		{syscall.SIGINT, "SIGINT", 130},
		{syscall.SIGTERM, "SIGTERM", 143},
		{syscall.SIGHUP, "SIGHUP", 129},
		{syscall.SIGQUIT, "SIGQUIT", 131},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.signal == syscall.SIGHUP && signal.Ignored(tt.signal) {
				t.Skip("the tests were started to ignore it, as nohup does, and run heeds that")
			}
			t.Parallel()
			dir := t.TempDir()
			log := filepath.Join(dir, "log")
			args := []string{"run", "-j2", "--log", log, ":::",
				"echo quick",
				fmt.Sprintf("[ -e %[1]s/again ] || { sh -c 'echo $$ > %[1]s/new; mv %[1]s/new %[1]s/child; exec sleep 600' & sleep 600; }", dir),
				"echo last"}
			c, _, stderr := startCommand(t, append(args[:len(args)-1:len(args)-1], "echo > "+dir+"/third; sleep 600; echo last")...)
			waitForFile(t, dir+"/child")
			// The third job has taken the place of the first, which has ended.
			waitForFile(t, dir+"/third")
			require.NoError(t, c.Process.Signal(tt.signal))
			c.Wait()
			assert.Equal(t, tt.code, c.ProcessState.ExitCode())
			assert.Contains(t, stderr.String(), "heirloom: interrupted by "+tt.name+": waiting for jobs to end; once more to kill them\n")
			assert.Regexp(t, `heirloom: interrupted by `+tt.name+`: 1 ok, 2 canceled\n$`, stderr.String())
			assertGone(t, dir+"/child")

			// A second run does the rest.
			require.NoError(t, os.WriteFile(dir+"/again", nil, 0o644))
			code, stdout, _ := heirloom(append([]string{"run", "--resume"}, args[1:]...)...)
			assert.Zero(t, code)
			assert.Equal(t, "last\n", stdout)
		})
	}
}

func assertGone(t *testing.T, pidFile string) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	var pid int
	_, err = fmt.Sscan(string(text), &pid)
	require.NoError(t, err)
	assert.Eventually(t, func() bool { // a process that is killed may take a moment to end
		if syscall.Kill(pid, 0) != nil {
			return true
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(stat), ") Z ")
	}, time.Minute, 5*time.Millisecond)
}

func TestRunIsKilledAtTheSecondSignal(t *testing.T) {
	dir := t.TempDir()
	c, _, stderr := startCommand(t, "run", "--grace", "1h", ":::",
		fmt.Sprintf(`trap 'touch %[1]s/told' INT; echo $$ > %[1]s/new; mv %[1]s/new %[1]s/pid; while :; do sleep 0.01; done`, dir))
	waitForFile(t, dir+"/pid")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	waitForFile(t, dir+"/told")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	c.Wait()
	assert.Equal(t, 130, c.ProcessState.ExitCode())
	assert.Contains(t, stderr.String(), "heirloom: killing what is left\n")
	assert.Contains(t, stderr.String(), "SIGKILL")
	assertGone(t, dir+"/pid")
}

func TestRunInterruptedBeforeItHasJobs(t *testing.T) {
	for signal, want := range map[syscall.Signal]string{syscall.SIGINT: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGQUIT: "SIGQUIT"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			c := command(t, "run", "--halt", "now,fail=50%", "echo {}") // counts the jobs first
			in, err := c.StdinPipe()
			require.NoError(t, err)
			var stdout, stderr bytes.Buffer
			c.Stdout, c.Stderr = &stdout, &stderr
			require.NoError(t, c.Start())
			_, err = in.Write(bytes.Repeat([]byte("value\n"), 1<<17)) // more than a pipe holds, so main reads
			require.NoError(t, err)
			require.NoError(t, c.Process.Signal(signal))
			c.Wait()
			assert.Equal(t, 128+int(signal), c.ProcessState.ExitCode())
			assert.Empty(t, stdout.String())
			assert.Equal(t, "heirloom: interrupted by "+want+"\n", stderr.String())
		})
	}
}

func TestRunInterruptedWhileItWaitsForJobs(t *testing.T) {
	c := command(t, "run", "-j2") // one job at a time would print before it has ended
	in, err := c.StdinPipe()
	require.NoError(t, err)
	var stderr bytes.Buffer
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	c.Stderr = &stderr
	require.NoError(t, c.Start())
	_, err = in.Write([]byte("echo ran\n"))
	require.NoError(t, err)
	_, err = out.Read(make([]byte, 10)) // the run has begun
	require.NoError(t, err)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	c.Wait()
	assert.Equal(t, 130, c.ProcessState.ExitCode())
	assert.Contains(t, stderr.String(), "1 ok")
}

func TestRunWithNobodyReading(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	for _, mode := range []string{"-owhole", "-oordered", "-olines", "--json", "--tag"} {
		c := command(t, "run", "-j2", mode, ":::", "echo a", "sleep 600", "echo b")
		var stderr bytes.Buffer
		c.Stdout, c.Stderr = w, &stderr
		c.Run()
		assert.Equal(t, 1, c.ProcessState.ExitCode())
		assert.Contains(t, stderr.String(), "heirloom: cannot write to standard output: broken pipe\n", mode)
	}
	w.Close()
}

// Commands get signals as a program that a shell starts does.
func TestRunLeavesSignalsAsTheyAre(t *testing.T) {
	code, stdout, stderr := heirloom("run", ":::", "yes | head -n 1")
	assert.Zero(t, code)
	assert.Equal(t, "y\n", stdout)
	assert.Empty(t, stderr, "yes ends by SIGPIPE, and does not complain of an error")
}
