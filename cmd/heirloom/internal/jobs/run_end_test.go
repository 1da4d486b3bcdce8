//go:build unix

package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func TestRunCancelledBetweenRetries(t *testing.T) {
	b := newBench(t)
	b.Retries, b.RetryDelay = 1, time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := t.TempDir()
	go func() {
		waitFor(t, filepath.Join(dir, "tried"))
		cancel()
	}()
	command := "touch " + dir + "/tried; false"
	sum, err := b.stream(t, ctx, command)
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{Canceled: 1}, sum.Counts)
	assert.Equal(t, 1, b.results[command].Attempts)
}

// What runs is not to blame, and to end it in the middle may leave half a file behind.
func TestJobsThatRunOutliveBadInput(t *testing.T) {
	b := newBench(t)
	told := filepath.Join(t.TempDir(), "told")
	b.Say = func(string) { assert.NoError(t, os.WriteFile(told, nil, 0o600)) }
	bad := errors.New("row 2 is bad")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sum, err := b.run(t, ctx, func(o jobs.Options) (*jobs.Summary, error) {
		return jobs.RunStream(ctx, func(yield func(*jobs.Job, error) bool) {
			command := "while [ ! -e " + told + " ]; do sleep 0.01; done; echo done"
			_ = yield(&jobs.Job{Name: "1", Command: command}, nil) && yield(nil, bad)
		}, o)
	})
	require.ErrorIs(t, err, bad)
	assert.Equal(t, jobs.Counts{OK: 1}, sum.Counts)
	assert.Equal(t, "done\n", b.stdout.String())
}

func waitFor(t *testing.T, file string) {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%s did not come about", file)
			return
		}
	}
}

func TestRunTimeout(t *testing.T) {
	b := newBench(t)
	b.Timeout = 100 * time.Millisecond
	sum, err := b.plan(t, t.Context(), `
jobs = [
  {name = "slow", command = "sleep 600"},
  {name = "deaf", retries = 1, command = "trap 'exit 0' TERM; while :; do sleep 0.01; done"},
  {name = "unbounded", timeout = "0s", command = "sleep 0.5"},
  {name = "after", needs = ["slow"], command = "true"},
]`)
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{OK: 1, TimedOut: 2, Skipped: 1}, sum.Counts)
	assert.Equal(t, "timed out", b.results["slow"].Why())
	assert.Equal(t, jobs.TimedOut, b.results["deaf"].State, "whatever exit code it chooses")
	assert.Equal(t, 2, b.results["deaf"].Attempts)
	assert.Equal(t, "needs slow, which timed out", b.results["after"].Why())
}

// running reads process ids from the files, and returns those of processes that run.
func running(t *testing.T, pidFiles ...string) (alive []int) {
	t.Helper()
	for _, file := range pidFiles {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var pid int
		_, err = fmt.Sscan(string(text), &pid)
		require.NoError(t, err)
		if syscall.Kill(pid, 0) == nil && !zombie(pid) {
			alive = append(alive, pid)
		}
	}
	return alive
}

func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

// assertGone fails unless the processes end that the files name. They have been killed,
// which may take a moment.
func assertGone(t *testing.T, pidFiles ...string) {
	t.Helper()
	assert.Eventually(t, func() bool { return len(running(t, pidFiles...)) == 0 }, time.Minute, 5*time.Millisecond)
}

func TestRunPassesSignalsOn(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	go func() {
		waitFor(t, filepath.Join(dir, "ready"))
		waitFor(t, filepath.Join(dir, "child"))
		cancel(&jobs.Interrupted{Signal: syscall.SIGINT})
	}()
	sum, err := b.plan(t, ctx, fmt.Sprintf(`
env = {DIR = %q}
jobs = [
  {name = "polite", command = "trap 'echo told; exit 7' INT; touch $DIR/ready; while :; do sleep 0.01; done"},
  {name = "parent", command = "sh -c 'echo $$ > $DIR/new; mv $DIR/new $DIR/child; exec sleep 600' & sleep 600; true"},
  {name = "later", needs = ["polite"], command = "true"},
]`, dir))
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{Canceled: 2, NotRun: 1}, sum.Counts)
	assert.Equal(t, 7, b.results["polite"].Exit)
	assert.Equal(t, "told\n", b.stdout.String(), "what it said to that is printed")
	assertGone(t, dir+"/child")
}

func TestRunKillsTheDeaf(t *testing.T) {
	tests := []struct {
		name, reason string
		grace        time.Duration
		hurry        bool
	}{
		{"grace", "after a time", 50 * time.Millisecond, false},
		{"hurry", "at the second signal", time.Hour, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			b := newBench(t)
			b.Grace = tt.grace
			hurry := make(chan struct{})
			b.Hurry = hurry
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				waitFor(t, filepath.Join(dir, "ready"))
				cancel()
				if tt.hurry {
					close(hurry)
				}
			}()
			// The leader ends when it is signalled, and leaves behind a process that does
			// not.
			sum, err := b.stream(t, ctx, fmt.Sprintf(
				`sh -c 'trap "" TERM; echo $$ > %[1]s/deaf; touch %[1]s/ready; while :; do sleep 0.01; done' & wait`, dir))
			require.NoError(t, err)
			assert.Equal(t, 1, sum.Canceled)
			assertGone(t, dir+"/deaf")
		})
	}
}

func TestRunEndsWhatJobsLeaveBehind(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	start := time.Now()
	sum, err := b.stream(t, t.Context(), fmt.Sprintf("sleep 600 & echo $! > %s/left", dir))
	require.NoError(t, err)
	assert.Equal(t, 1, sum.OK)
	assert.Less(t, time.Since(start), 5*time.Minute)
	assertGone(t, dir+"/left")
}

func TestRunNotStartedWhenCancelled(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sum, err := b.stream(t, ctx, "true")
	require.NoError(t, err)
	assert.Zero(t, sum.Ended())
	sum, err = b.plan(t, ctx, "jobs = [{command = 'true'}]")
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{NotRun: 1}, sum.Counts)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestRunEndsWhenItCannotPrint(t *testing.T) {
	for _, mode := range []string{"whole", "ordered", "lines", "json"} {
		t.Run(mode, func(t *testing.T) {
			b := newBench(t)
			b.Limit = 2
			switch mode {
			case "whole":
				b.Output = jobs.Whole(brokenWriter{}, io.Discard, false)
			case "ordered":
				b.Output = jobs.Ordered(brokenWriter{}, io.Discard, false)
			case "lines":
				b.Output = jobs.Prefixed(brokenWriter{}, io.Discard, false)
			case "json":
				b.Output = jobs.JSON(brokenWriter{})
			}
			start := time.Now()
			sum, err := b.stream(t, t.Context(), "echo a", "sleep 600", "true")
			assert.ErrorIs(t, err, syscall.EPIPE)
			assert.EqualError(t, err, "cannot write to standard output: broken pipe")
			assert.Less(t, time.Since(start), 5*time.Minute)
			assert.LessOrEqual(t, sum.OK, 2)
		})
	}
}
