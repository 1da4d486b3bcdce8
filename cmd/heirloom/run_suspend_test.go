//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// stateOf returns the state of a process as the letter that ps shows.
func stateOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	return fields[0]
}

func TestRunIsSuspendedWithItsJobs(t *testing.T) {
	if unix.Getpid() == 1 {
		t.Skip("process 1 cannot be stopped")
	}
	dir := t.TempDir()
	// The job starts no process while it waits. If a shell's child were stopped before it
	// became the command, the shell would wait for it and not be stopped itself.
	c := command(t, "run", "-q", "--timeout", "1h", ":::",
		fmt.Sprintf("echo $$ > %[1]s/new; mv %[1]s/new %[1]s/pid; while [ ! -e %[1]s/go ]; do :; done; echo went on", dir))
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell with job control starts it
	require.NoError(t, c.Start())
	waitForFile(t, dir+"/pid")
	text, err := os.ReadFile(dir + "/pid")
	require.NoError(t, err)
	var job int
	_, err = fmt.Sscan(string(text), &job)
	require.NoError(t, err)

	require.NoError(t, c.Process.Signal(unix.SIGTSTP))
	for _, pid := range []int{job, c.Process.Pid} {
		if !assert.Eventually(t, func() bool { return stateOf(pid) == "T" }, time.Minute, 5*time.Millisecond) {
			t.Fatalf("the job is in state %q, the run in %q", stateOf(job), stateOf(c.Process.Pid))
		}
	}
	require.NoError(t, os.WriteFile(dir+"/go", nil, 0o644))
	require.NoError(t, c.Process.Signal(unix.SIGCONT))
	require.NoError(t, c.Wait())
	assert.Equal(t, "went on\n", stdout.String())
	assert.Empty(t, stderr.String())
}

// What stops a program and lets it go on at once, as batch systems do, does not wait
// until it has been stopped.
func TestRunIsContinuedBeforeItIsStopped(t *testing.T) {
	if unix.Getpid() == 1 {
		t.Skip("process 1 cannot be stopped")
	}
	dir := t.TempDir()
	c := command(t, "run", "-q", ":::", fmt.Sprintf("echo $$ > %[1]s/new; mv %[1]s/new %[1]s/pid; while [ ! -e %[1]s/go ]; do :; done; echo went on", dir))
	var stdout bytes.Buffer
	c.Stdout = &stdout
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, c.Start())
	waitForFile(t, dir+"/pid")
	for range 10 {
		require.NoError(t, c.Process.Signal(unix.SIGTSTP))
		require.NoError(t, c.Process.Signal(unix.SIGCONT))
	}
	require.NoError(t, os.WriteFile(dir+"/go", nil, 0o644))
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		state := stateOf(c.Process.Pid)
		require.NoError(t, c.Process.Kill())
		require.Fail(t, "the run is stopped", state)
	}
	assert.Equal(t, "went on\n", stdout.String())
}

// On a terminal, the run looks at all jobs when one has ended, for those that want the
// terminal. What ends meanwhile must not take the place of the signal to stop.
func TestRunIsSuspendedWhileManyJobsEnd(t *testing.T) {
	c := command(t)
	c.Args = []string{"sh", "-m", "-c", `"$1" run -0 -q -j4 -o direct 'echo done {}' </dev/zero & echo "pid $!"; wait; read x`, "sh", c.Path}
	c.Path = "/bin/sh" // which starts it as a job of its own, that can be continued
	term := onTerminal(t, c)
	term.waitFor(t, `pid \d+\r\n(.*\n)*(done *\r\n){20}`)
	var pid int
	_, err := fmt.Sscan(regexp.MustCompile(`pid (\d+)`).FindStringSubmatch(term.shown())[1], &pid)
	require.NoError(t, err)
	require.NoError(t, unix.Kill(pid, unix.SIGTSTP))
	assert.Eventually(t, func() bool { return stateOf(pid) == "T" }, time.Minute, time.Millisecond)
	assert.NoError(t, unix.Kill(-pid, unix.SIGKILL))
	require.NoError(t, c.Process.Kill())
	c.Wait()
}

func TestRunStopsUnlessItHasBeenContinued(t *testing.T) {
	for _, tt := range []struct {
		reason string
		after  time.Duration // when it is continued
		stops  int
	}{
		{"before anybody looks", 0, 0},
		{"before it stops, with no jobs that take time to be stopped", together - 1, 0},
		{"afterwards", together + time.Hour, 1},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, continued, stops := time.Now(), make(chan os.Signal, 1), 0
				time.AfterFunc(tt.after, func() { continued <- unix.SIGCONT })
				synctest.Wait()
				suspend(new(jobs.Processes), continued, func() error { stops++; return nil })
				assert.Equal(t, tt.stops, stops)
				assert.Equal(t, tt.after, time.Since(began), "it goes on when it is continued")
			})
		})
	}
}

func TestRunNamesAJobThatWantsTheTerminal(t *testing.T) {
	c := command(t, "run", "-q", ":::", "read x </dev/tty")
	term := onTerminal(t, c)
	term.waitFor(t, `heirloom: job 1 \(read x </dev/tty\) is stopped: it wants the terminal, which --tty gives to one job at a time\r\n`)
	_, err := term.Write([]byte{3}) // Ctrl-C
	require.NoError(t, err)
	c.Wait()
	assert.Equal(t, 130, c.ProcessState.ExitCode())
}

func TestRunGivesAJobTheTerminal(t *testing.T) {
	for _, command1 := range []string{"read x </dev/tty; echo got $x", "read x; echo got $x"} {
		c := command(t, "run", "-q", "--tty", ":::", "echo ready; "+command1)
		term := onTerminal(t, c)
		term.waitFor(t, `ready`)
		_, err := term.Write([]byte("secret\n"))
		require.NoError(t, err)
		require.NoError(t, c.Wait())
		term.waitFor(t, `got secret\r\n`)
	}
	c := command(t, "run", "-q", "--tty", ":::", "echo ready; sleep 600", "echo second")
	term := onTerminal(t, c)
	term.waitFor(t, `ready`)
	_, err := term.Write([]byte{3}) // Ctrl-C, which also reaches the job directly
	require.NoError(t, err)
	c.Wait()
	assert.Equal(t, 130, c.ProcessState.ExitCode())
	assert.NotContains(t, term.shown(), "second")
}

func TestRunWaitsForDescriptors(t *testing.T) {
	for _, mode := range []string{"whole", "lines"} {
		dir := t.TempDir() // all jobs run until the test has seen that one more was not to be had
		c := command(t, "run", "-q", "-o", mode, "-j20", fmt.Sprintf("while [ ! -e %s/go ]; do sleep 0.01; done; echo {}", dir),
			":::", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")
		c.Args = append([]string{"sh", "-c", `ulimit -n 24; exec "$@"`, "sh", c.Path}, c.Args[1:]...)
		c.Path = "/bin/sh"
		var stdout bytes.Buffer
		c.Stdout = &stdout
		pipe, err := c.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, c.Start())
		stderr := bufio.NewScanner(pipe)
		require.True(t, stderr.Scan())
		assert.Contains(t, stderr.Text(), "too many open files: waiting")
		require.NoError(t, os.WriteFile(dir+"/go", nil, 0o644))
		for stderr.Scan() {
		}
		require.NoError(t, c.Wait())
		assert.Equal(t, 12, strings.Count(stdout.String(), "\n"))
	}
}

// With so few, the run has none for the output of a job, or none to start its command,
// and no job's end would change that.
func TestRunEndsWithoutDescriptors(t *testing.T) {
	for _, mode := range []string{"whole", "lines", "direct"} {
		c := command(t, "run", "-q", "-o", mode, "-j4", "--retries", "3", "echo {}", ":::", "1", "2", "3", "4", "5", "6", "7", "8")
		c.Args = append([]string{"sh", "-c", `ulimit -n 12; exec "$@"`, "sh", c.Path}, c.Args[1:]...)
		c.Path = "/bin/sh"
		out, err := c.CombinedOutput()
		if err == nil { // it is about the limit of what is enough
			assert.Equal(t, 8, strings.Count(string(out), "\n"))
			continue
		}
		assert.Equal(t, 1, c.ProcessState.ExitCode())
		assert.Regexp(t, "can be started: .*too many open files\n", string(out))
		if !regexp.MustCompile(`(?m)^\d$`).Match(out) {
			assert.NotContains(t, string(out), "waiting", "no job ran that there was to wait for")
		}
	}
}

func TestRunKeepsStandardInputOpen(t *testing.T) {
	c := command(t, "run", "-q", "--stdin", "open", "--timeout", "1s", ":::", "cat")
	c.Run()
	assert.Equal(t, 124, c.ProcessState.ExitCode(), "what it reads has no end")
}

func TestRunEndsWhenItsReaderHasGone(t *testing.T) {
	for _, mode := range [][]string{{"-o", "whole"}, {"-o", "lines"}, {"-o", "direct"}, {"--json"}} {
		t.Run(mode[len(mode)-1], func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			require.NoError(t, err)
			// A job may hide that it could not write, so that it never fails.
			c := command(t, append(append([]string{"run", "-j2"}, mode...), ":::", "echo first", "trap '' PIPE; while :; do sleep 0.1; echo tick; done 2>/dev/null")...)
			var stderr bytes.Buffer
			c.Stdout, c.Stderr = w, &stderr
			require.NoError(t, c.Start())
			w.Close()
			_, err = r.Read(make([]byte, 1))
			require.NoError(t, err)
			r.Close()
			c.Wait()
			assert.Equal(t, 1, c.ProcessState.ExitCode())
			assert.Contains(t, stderr.String(), "heirloom: cannot write to standard output: broken pipe")
		})
	}
}

func TestRunDrains(t *testing.T) {
	dir := t.TempDir()
	c := command(t, "run", "-j1", "--drain", ":::",
		fmt.Sprintf("touch %[1]s/ready; while [ ! -e %[1]s/go ]; do sleep 0.01; done; echo done", dir), "echo second")
	var stdout bytes.Buffer
	c.Stdout = &stdout
	pipe, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	stderr := bufio.NewScanner(pipe)
	waitForFile(t, dir+"/ready")
	require.NoError(t, c.Process.Signal(unix.SIGTERM))
	require.True(t, stderr.Scan())
	assert.Equal(t, "heirloom: interrupted by SIGTERM: starting no more jobs; once more to end those that run", stderr.Text())
	require.NoError(t, os.WriteFile(dir+"/go", nil, 0o644)) // after the message, the end of the first job starts no other
	last := ""
	for stderr.Scan() {
		last = stderr.Text()
	}
	c.Wait()
	assert.Equal(t, 143, c.ProcessState.ExitCode())
	assert.Equal(t, "done\n", stdout.String())
	assert.Equal(t, "heirloom: interrupted by SIGTERM: 1 ok, 1 not run", last)
}
