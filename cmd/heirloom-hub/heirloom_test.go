//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task/remote/remotenats/hubkey"
)

func TestRunOn(t *testing.T) {
	s := newScene(t, "127.0.0.1:0")
	s.worker(t, "one", "-j", "4")
	s.worker(t, "two", "-j", "4")
	jobsFile := filepath.Join(s.dir, "jobs.toml")
	require.NoError(t, os.WriteFile(jobsFile, []byte(`
env = {WHO = "all"}
[[jobs]]
name = "first"
command = "echo first $WHO; echo problem >&2; touch made"
[[jobs]]
name = "second"
needs = ["first"]
command = "[ -e made ] && echo second $HEIRLOOM_JOB $WHO"
env = {WHO = "me"}
[[jobs]]
name = "third"
command = "false"
[[jobs]]
name = "fourth"
needs = ["third"]
command = "echo never"
`), 0o600))
	tests := []struct {
		reason string
		args   []string
		code   int
		stdout string
		stderr string // the last line
	}{
		{"in order", []string{"-o", "ordered", "echo {}; echo {} again", ":::", "a b", "$HOME", "c'd"}, 0,
			"a b\na b again\n$HOME\n$HOME again\nc'd\nc'd again\n", ""},
		{"an exit code", []string{":::", "exit 3"}, 1, "", "heirloom: 1 of 1 job failed"},
		{"tried again", []string{"--retries", "2", ":::", "echo $HEIRLOOM_ATTEMPT; [ $HEIRLOOM_ATTEMPT = 3 ]"}, 0, "1\n2\n3\n", ""},
		{"out of time", []string{"--timeout", "300ms", ":::", "sleep 600"}, 124, "", "heirloom: 1 of 1 job timed out"},
		{"variables", []string{"-e", "A=x y", "--unset", "HOME", ":::", `echo "$A" "[$HOME]"`}, 0, "x y []\n", ""},
		{"needs", []string{"-f", jobsFile}, 1, "first all\nsecond second me\n", "heirloom: 1 of 4 jobs failed"},
		{"no such command", []string{":::", "no-such-program-here"}, 1, "", "heirloom: 1 of 1 job failed"},
		{"in the worker's folder", []string{":::", "pwd"}, 0, s.dir + "\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			code, stdout, stderr := s.run(t, append([]string{"run"}, tt.args...)...)
			assert.Equal(t, tt.code, code, stderr)
			assert.Equal(t, tt.stdout, stdout)
			lines := strings.Split(strings.TrimSpace(stderr), "\n")
			assert.Equal(t, tt.stderr, lines[len(lines)-1])
		})
	}

	t.Run("input", func(t *testing.T) {
		c := s.heirloom(t, "run", "--on", s.url(), "-o", "ordered", "--pipe", "-N", "2", "wc -l")
		c.Stdin = strings.NewReader("1\n2\n3\n")
		text, err := c.Output()
		require.NoError(t, err)
		assert.Equal(t, []string{"2", "1"}, strings.Fields(string(text)))
	})
	t.Run("results", func(t *testing.T) {
		_, stdout, _ := s.run(t, "run", "--json", ":::", "kill -9 $$")
		assert.Contains(t, stdout, `"exit":137,"signal":"SIGKILL","worker":"`)
	})
	t.Run("much output", func(t *testing.T) {
		each := 1_000_000
		if os.Getenv("HEIRLOOM_SLOW") != "" {
			each *= 20
		}
		c := s.heirloom(t, "run", "--on", s.url(), "-j", "3", fmt.Sprintf("yes {} | head -c %d", each), ":::", "a", "b", "c")
		text, err := c.Output()
		require.NoError(t, err)
		require.Len(t, text, 3*each)
		var jobs []string
		for part := range slices.Chunk(text, each) {
			jobs = append(jobs, string(part[:1]))
			assert.True(t, bytes.Equal(part, bytes.Repeat(part[:2], each/2)), "what a job wrote is together")
		}
		assert.ElementsMatch(t, []string{"a", "b", "c"}, jobs)
	})
}

// When a worker is killed, nothing is lost: another worker runs its commands, and their
// earlier output is not printed twice.
func TestAKilledWorker(t *testing.T) {
	s := newScene(t, "127.0.0.1:0")
	first := s.worker(t, "first", "-j", "4", "--lease", "2s")
	c := s.heirloom(t, "run", "--on", s.url(), "--json", "echo from {}; [ -e again ] || { echo $$ > pid{}; sleep 60; }", ":::", "1", "2")
	var stdout bytes.Buffer
	c.Stdout = &stdout
	require.NoError(t, c.Start())
	var pids []string
	for _, n := range []string{"1", "2"} {
		pids = append(pids, appears(t, filepath.Join(s.dir, "pid"+n)))
	}
	require.NoError(t, first.Process.Kill())
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "again"), nil, 0o600))
	s.worker(t, "second", "-j", "4", "--lease", "2s")
	require.NoError(t, c.Wait())
	assert.Equal(t, 2, strings.Count(stdout.String(), `"worker":"second"`))
	assert.Contains(t, stdout.String(), `"stdout":"from 1\n"`)
	assert.Contains(t, stdout.String(), `"stdout":"from 2\n"`)
	for _, pid := range pids { // no other process would end them
		_ = exec.Command("sh", "-c", "kill -9 -"+pid).Run()
	}
}

// Ctrl-C reaches the commands on other machines as the same signal.
func TestInterrupt(t *testing.T) {
	tests := []struct {
		reason, command string
		signals         int
		code            int
		stdout          string
	}{
		{"it gets the signal, and may clean up", "trap 'echo told; exit 7' INT; echo $$ > pid; while :; do sleep 0.05; done", 1, 130, "told\n"},
		{"the second kills what does not listen", "trap '' INT; echo $$ > pid; while :; do sleep 0.05; done", 2, 130, ""},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			s := newScene(t, "127.0.0.1:0")
			s.worker(t, "one")
			c := s.heirloom(t, "run", "--on", s.url(), ":::", tt.command)
			var stdout bytes.Buffer
			c.Stdout = &stdout
			said, err := c.StderrPipe()
			require.NoError(t, err)
			require.NoError(t, c.Start())
			pid := appears(t, filepath.Join(s.dir, "pid"))
			s.heard(t)
			lines := bufio.NewReader(said)
			for range tt.signals {
				require.NoError(t, c.Process.Signal(os.Interrupt))
				line, err := lines.ReadString('\n') // a second signal counts only after the first has been handled
				require.NoError(t, err)
				assert.Contains(t, line, "kill")
			}
			rest, err := io.ReadAll(lines)
			require.NoError(t, err)
			_ = c.Wait()
			assert.Equal(t, tt.code, c.ProcessState.ExitCode(), "%s", rest)
			assert.Equal(t, tt.stdout, stdout.String())
			assertGone(t, pid)
		})
	}
}

// Outcomes from after the kill of the run are fetched, and their jobs do not run again.
func TestResumeAfterTheRunWasKilled(t *testing.T) {
	s := newScene(t, "127.0.0.1:0")
	s.worker(t, "one", "-j", "4")
	args := []string{"run", "--on", s.url(), "--log", "log", "--resume", "--json",
		"echo $$ >> runs{}; echo begun {}; while [ ! -e go{} ]; do sleep 0.02; done; echo done {}", ":::", "1", "2", "3"}
	goOn := func(n string) {
		require.NoError(t, os.WriteFile(filepath.Join(s.dir, "go"+n), nil, 0o600))
	}
	c := s.heirloom(t, args...)
	require.NoError(t, c.Start())
	for _, n := range []string{"1", "2", "3"} {
		appears(t, filepath.Join(s.dir, "runs"+n))
	}
	goOn("1")
	require.Eventually(t, func() bool {
		log, err := os.ReadFile(filepath.Join(s.dir, "log"))
		return err == nil && strings.Contains(string(log), `"job":"1"`)
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, c.Process.Kill())
	_ = c.Wait()
	goOn("2") // ends while there is no run

	again := s.heirloom(t, args...)
	var stdout, stderr bytes.Buffer
	again.Stdout, again.Stderr = &stdout, &stderr
	require.NoError(t, again.Start())
	goOn("3")
	require.NoError(t, again.Wait(), stderr.String())
	assert.Contains(t, stdout.String(), `"resumed":1`)
	for _, n := range []string{"2", "3"} {
		assert.Contains(t, stdout.String(), fmt.Sprintf(`"stdout":"begun %s\ndone %s\n"`, n, n))
	}
	runs := appears(t, filepath.Join(s.dir, "runs1"))
	assert.NotContains(t, runs, "\n", "it had succeeded")
	runs = appears(t, filepath.Join(s.dir, "runs2"))
	assert.NotContains(t, runs, "\n", "its outcome was stored, or it still ran")
}

func TestTemplates(t *testing.T) {
	s := newScene(t, "127.0.0.1:0")
	file := filepath.Join(s.dir, "templates.toml")
	require.NoError(t, os.WriteFile(file, []byte("show = 'echo \"<{1}>\" {2}'\n"), 0o600))
	s.worker(t, "limited", "--templates", file)
	code, stdout, stderr := s.run(t, "run", "-o", "ordered", "--template", "show", ":::", "a b", "$(touch hacked)", ":::+", "; touch hacked", "'")
	assert.Zero(t, code, stderr)
	assert.Equal(t, "<a b> ; touch hacked\n<$(touch hacked)> '\n", stdout)
	assert.NoFileExists(t, filepath.Join(s.dir, "hacked"))

	// The worker accepts no command from a caller.
	c := s.heirloom(t, "run", "--on", s.url(), "--grace", "100ms", ":::", "touch hacked")
	require.NoError(t, c.Start())
	code, stdout, stderr = s.run(t, "run", "--template", "show", ":::", "x", ":::", "y")
	assert.Zero(t, code, stderr)
	assert.Equal(t, "<x> y\n", stdout)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	_ = c.Wait()
	assert.NoFileExists(t, filepath.Join(s.dir, "hacked"))

	code, _, stderr = s.run(t, "run", "-e", "PATH=/evil", "--template", "show", ":::", "x")
	assert.Equal(t, 2, code)
	assert.Equal(t, "heirloom: with --template, workers take only values, so --env cannot be given\n", stderr)
}

func TestPS(t *testing.T) {
	s := newScene(t, "127.0.0.1:0")
	_, stdout, _ := s.run(t, "ps")
	assert.Equal(t, "no worker answers\n", stdout)
	s.worker(t, "one", "-j", "3")
	s.worker(t, "two")
	c := s.heirloom(t, "run", "--on", s.url(), ":::", "echo x > begun; while [ ! -e over ]; do sleep 0.02; done")
	require.NoError(t, c.Start())
	appears(t, filepath.Join(s.dir, "begun"))
	// On a busy machine, a worker may answer too late.
	both := regexp.MustCompile(`(?s)^WORKER +RUNS +AGE +JOB +COMMAND\none +[01] of 3 .*two +[01] of .*`)
	require.Eventually(t, func() bool {
		code, text, stderr := s.run(t, "ps")
		assert.Zero(t, code, stderr)
		stdout = text
		return both.MatchString(stdout)
	}, time.Minute, time.Millisecond)
	assert.Equal(t, 1, strings.Count(stdout, "echo x > begun; while [ ! -e over ]; do sleep 0.02; done  echo x"), stdout)
	require.Eventually(t, func() bool {
		_, text, _ := s.run(t, "ps", "--json")
		return strings.Contains(text, `"worker":"two"`)
	}, time.Minute, time.Millisecond)
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "over"), nil, 0o600))
	require.NoError(t, c.Wait())
}

// Without the token, no client can connect, and from beyond this machine none without
// TLS.
func TestSecurity(t *testing.T) {
	s := newScene(t, "0.0.0.0:0")
	token, err := hubkey.Path(hubkey.Token)
	require.NoError(t, err)
	for _, name := range []string{hubkey.Token, privateKey} {
		path, err := hubkey.Path(name)
		require.NoError(t, err)
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.EqualValues(t, 0o600, info.Mode().Perm(), name)
	}
	code, stdout, stderr := s.run(t, "ps")
	assert.Zero(t, code, stderr)
	assert.Equal(t, "no worker answers\n", stdout, "on loopback, with TLS because the hub has it")

	other := filepath.Join(s.dir, "other")
	_, err = makeToken(other)
	require.NoError(t, err)
	code, _, stderr = s.run(t, "ps", "--token", other)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "does not accept this token")

	code, _, stderr = s.run(t, "ps", "--token", filepath.Join(s.dir, "none"))
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "heirloom-hub makes it on its own machine")

	require.NoError(t, os.Chmod(token, 0o644))
	code, _, stderr = s.run(t, "ps")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "others may read the token")
	require.NoError(t, os.Chmod(token, 0o600))

	code, _, stderr = s.run(t, "ps", "--on", "nats://secret@127.0.0.1:4222")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "everybody on this machine can read arguments")
	assert.NotContains(t, stderr, "secret")

	address := beyondLoopback(t)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.url(), "nats://"))
	require.NoError(t, err)
	code, _, stderr = s.run(t, "ps", "--on", "nats://"+net.JoinHostPort(address, port))
	assert.Zero(t, code, stderr)
	certificate, err := hubkey.Path(hubkey.Certificate)
	require.NoError(t, err)
	require.NoError(t, os.Rename(certificate, certificate+".away"))
	code, _, stderr = s.run(t, "ps", "--on", "nats://"+net.JoinHostPort(address, port))
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "certificate")
}

func TestInsecure(t *testing.T) {
	s := newScene(t, "0.0.0.0:0", func(o *options) { o.insecure = true })
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.url(), "nats://"))
	require.NoError(t, err)
	url := "nats://" + net.JoinHostPort(beyondLoopback(t), port)
	code, _, stderr := s.run(t, "ps", "--on", url)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "--insecure allows that")
	code, _, stderr = s.run(t, "ps", "--on", url, "--insecure")
	assert.Zero(t, code, stderr)
}

// beyondLoopback returns an address of this machine that is not on loopback.
func beyondLoopback(t *testing.T) string {
	_, addresses := ownNames()
	for _, ip := range addresses {
		if !ip.IsLoopback() && ip.To4() != nil {
			return ip.String()
		}
	}
	t.Skip("this machine has no address beyond loopback")
	return ""
}
