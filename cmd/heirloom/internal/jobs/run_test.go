//go:build unix

package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// A bench is a run in the making.
type bench struct {
	jobs.Options
	stdout, stderr bytes.Buffer
	results        map[string]*jobs.Result // by name, from the log
	order          []string                // of their ends
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{Options: jobs.Options{Limit: 4, Shell: posixShell(t), Grace: 10 * time.Second}}
	b.Output = jobs.Whole(&b.stdout, &b.stderr, false)
	return b
}

func (b *bench) run(t *testing.T, ctx context.Context, start func(jobs.Options) (*jobs.Summary, error)) (*jobs.Summary, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	if b.Log == nil {
		log, err := jobs.CreateLog(path)
		require.NoError(t, err)
		b.Log = log
	}
	sum, err := start(b.Options)
	require.NoError(t, b.Log.Close())
	b.Log = nil
	b.results, b.order = map[string]*jobs.Result{}, nil
	for _, r := range readLog(t, path) {
		b.results[r.Job] = r
		b.order = append(b.order, r.Job)
	}
	return sum, err
}

func (b *bench) stream(t *testing.T, ctx context.Context, commands ...string) (*jobs.Summary, error) {
	t.Helper()
	return b.run(t, ctx, func(o jobs.Options) (*jobs.Summary, error) {
		return jobs.RunStream(ctx, jobs.Commands(commands), o)
	})
}

func (b *bench) plan(t *testing.T, ctx context.Context, toml string) (*jobs.Summary, error) {
	t.Helper()
	root, err := jobs.DecodeTOML(strings.NewReader(toml))
	require.NoError(t, err)
	p, err := jobs.NewPlan(root)
	require.NoError(t, err)
	return b.run(t, ctx, func(o jobs.Options) (*jobs.Summary, error) { return jobs.RunPlan(ctx, p, o) })
}

func (b *bench) states() map[string]jobs.State {
	states := map[string]jobs.State{}
	for name, r := range b.results {
		states[name] = r.State
	}
	return states
}

func TestRunTellsHowJobsEnd(t *testing.T) {
	b := newBench(t)
	sum, err := b.stream(t, t.Context(), "true", "exit 3", "kill -9 $$", "no-such-program-here", "sleep 0")
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{OK: 2, Failed: 3}, sum.Counts)
	assert.Equal(t, 5, sum.Ended())
	assert.Len(t, sum.First, 5)
	assert.Len(t, sum.Bad, 3)

	assert.Equal(t, 0, b.results["true"].Exit)
	assert.Equal(t, 3, b.results["exit 3"].Exit)
	assert.Equal(t, "exit code 3", b.results["exit 3"].Why())
	assert.Equal(t, 137, b.results["kill -9 $$"].Exit)
	assert.Equal(t, "SIGKILL", b.results["kill -9 $$"].Why())
	assert.Equal(t, 127, b.results["no-such-program-here"].Exit)
	assert.Contains(t, b.stderr.String(), "no-such-program-here")
	for i, name := range []string{"true", "exit 3", "kill -9 $$", "no-such-program-here", "sleep 0"} {
		r := b.results[name]
		assert.Equal(t, i+1, r.Number)
		assert.Equal(t, 1, r.Attempts)
		assert.False(t, r.Start.IsZero())
		assert.Positive(t, r.Seconds)
	}
}

func TestRunWithNothingToDo(t *testing.T) {
	b := newBench(t)
	sum, err := b.stream(t, t.Context())
	require.NoError(t, err)
	assert.Zero(t, sum.Counts)
	sum, err = b.plan(t, t.Context(), "")
	require.NoError(t, err)
	assert.Zero(t, sum.Counts)
}

// meet is a command that ends when n of its kind have begun.
func meet(t *testing.T, n int) string {
	dir := t.TempDir()
	return fmt.Sprintf("touch %s/$HEIRLOOM_NUMBER; while [ $(ls %s | wc -l) -lt %d ]; do sleep 0.01; done", dir, dir, n)
}

func TestRunKeepsToTheLimit(t *testing.T) {
	b := newBench(t)
	b.Limit = 3
	most := 0
	b.Progress = func(c jobs.Counts) { most = max(most, c.Running) }
	// They end only if three run at once, and the last are in time to help nobody.
	sum, err := b.stream(t, t.Context(), slices.Repeat([]string{meet(t, 3)}, 7)...)
	require.NoError(t, err)
	assert.Equal(t, 7, sum.OK)
	assert.Equal(t, 3, most)
}

func TestRunWithoutLimit(t *testing.T) {
	b := newBench(t)
	b.Limit = 0
	sum, err := b.stream(t, t.Context(), slices.Repeat([]string{meet(t, 20)}, 20)...)
	require.NoError(t, err)
	assert.Equal(t, 20, sum.OK)
}

func TestRunStartsInOrder(t *testing.T) {
	b := newBench(t)
	b.Limit = 1
	var want []string
	var toml strings.Builder
	for i := range 20 {
		name := fmt.Sprintf("job%d", i)
		want = append(want, name)
		fmt.Fprintf(&toml, "[[jobs]]\nname = %q\ncommand = 'true'\n", name)
	}
	_, err := b.plan(t, t.Context(), toml.String())
	require.NoError(t, err)
	assert.Equal(t, want, b.order)
}

func TestRunReadsNoFurtherThanOneJobAhead(t *testing.T) {
	b := newBench(t)
	var read atomic.Int64
	endless := func(yield func(*jobs.Job, error) bool) {
		for yield(&jobs.Job{Command: "true"}, nil) {
			read.Add(1)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.Progress = func(c jobs.Counts) {
		assert.LessOrEqual(t, read.Load(), int64(c.Known+1))
		if c.Ended() == 20 {
			cancel()
		}
	}
	sum, err := b.run(t, ctx, func(o jobs.Options) (*jobs.Summary, error) { return jobs.RunStream(ctx, endless, o) })
	require.NoError(t, err)
	assert.GreaterOrEqual(t, sum.Ended(), 20)
}

func TestRunEndsWithTheStreamsError(t *testing.T) {
	b := newBench(t)
	broken := errors.New("broken")
	sum, err := b.run(t, t.Context(), func(o jobs.Options) (*jobs.Summary, error) {
		return jobs.RunStream(t.Context(), func(yield func(*jobs.Job, error) bool) {
			_ = yield(&jobs.Job{Command: "true"}, nil) && yield(nil, broken)
		}, o)
	})
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, 1, sum.Ended())
}

func TestRunRespectsNeeds(t *testing.T) {
	b := newBench(t)
	b.Limit = 0
	dir := t.TempDir()
	sum, err := b.plan(t, t.Context(), fmt.Sprintf(`
env = {DIR = %q}

[[jobs]]
name = "last"
needs = ["group", "second"]
command = "test -e $DIR/a && test -e $DIR/b && test -e $DIR/second && touch $DIR/last"

[[jobs]]
name = "second"
needs = ["first"]
command = "test -e $DIR/first && touch $DIR/second"

[[jobs]]
name = "first"
command = "sleep 0.1; touch $DIR/first"

[[jobs]]
name = "group"
needs = ["first"]

[[jobs.jobs]]
name = "b"
needs = ["a"]
command = "test -e $DIR/a && touch $DIR/b"

[[jobs.jobs]]
name = "a"
command = "test -e $DIR/first && touch $DIR/a"
`, dir))
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{OK: 5}, sum.Counts, b.stderr.String())
	assert.Equal(t, "last", b.order[4])
}

const failing = `
[[jobs]]
name = "bad"
command = "false"

[[jobs]]
name = "after"
needs = ["bad"]
command = "true"

[[jobs]]
name = "group"
needs = ["after"]
[[jobs.jobs]]
name = "inner"
needs = ["good"]
command = "true"

[[jobs]]
name = "aftergroup"
needs = ["group"]
command = "true"

[[jobs]]
name = "good"
command = "true"

[[jobs]]
name = "mixed"
[[jobs.jobs]]
name = "ok"
command = "true"
[[jobs.jobs]]
name = "bad"
command = "false"

[[jobs]]
name = "aftermixed"
needs = ["mixed"]
command = "true"
`

func TestRunSkipsWhatNeedsAFailure(t *testing.T) {
	b := newBench(t)
	sum, err := b.plan(t, t.Context(), failing)
	require.NoError(t, err)
	assert.Equal(t, map[string]jobs.State{
		"bad": jobs.Failed, "after": jobs.Skipped, "group/inner": jobs.Skipped, "aftergroup": jobs.Skipped,
		"good": jobs.OK, "mixed/ok": jobs.OK, "mixed/bad": jobs.Failed, "aftermixed": jobs.Skipped,
	}, b.states())
	assert.Equal(t, jobs.Counts{OK: 2, Failed: 2, Skipped: 4}, sum.Counts)
	assert.Equal(t, "needs bad, which failed", b.results["after"].Why())
	assert.Equal(t, "needs mixed, which failed", b.results["aftermixed"].Why())
}

func TestRunFailFast(t *testing.T) {
	b := newBench(t)
	b.FailFast = true
	b.Limit = 2
	start := time.Now()
	sum, err := b.plan(t, t.Context(), `
jobs = [
  {name = "slow", command = "sleep 60"},
  {name = "bad", command = "false"},
  {name = "later", command = "true"},
  {name = "after", needs = ["slow"], command = "true"},
]`)
	require.NoError(t, err)
	assert.Less(t, time.Since(start), 50*time.Second)
	assert.Equal(t, jobs.Counts{Failed: 1, Canceled: 1, NotRun: 2}, sum.Counts)
	assert.Equal(t, "SIGTERM", b.results["slow"].Why())
}

func TestRunKeepsVariablesApart(t *testing.T) {
	b := newBench(t)
	b.Env = map[string]string{"LINE": "line", "OVER": "line"}
	b.Options.Timeout = time.Minute
	t.Setenv("OUTER", "outer")
	_, err := b.plan(t, t.Context(), `
env = {TOP = "top", OVER = "file"}

[[jobs]]
name = "group"
env = {MODE = "group", IN = "in"}
dir = "/usr"

[[jobs.jobs]]
name = "a"
env = {MODE = "a"}
dir = "bin"
command = "echo a $OUTER $LINE $OVER $TOP $MODE $IN $HEIRLOOM_JOB $HEIRLOOM_NUMBER $HEIRLOOM_ATTEMPT; pwd"

[[jobs.jobs]]
name = "b"
needs = ["a"]
command = "echo b $OUTER $LINE $OVER $TOP $MODE $IN; pwd"

[[jobs]]
name = "c"
needs = ["group"]
dir = "/"
command = "echo c $OUTER $LINE $OVER $TOP $MODE $IN; pwd"
`)
	require.NoError(t, err)
	bin, err := filepath.EvalSymlinks("/usr/bin")
	require.NoError(t, err)
	assert.Equal(t, "a outer line line top a in group/a 1 1\n"+bin+"\n"+
		"b outer line line top group in\n/usr\n"+
		"c outer line line top\n/\n", b.stdout.String(), "a job sees its own, its group's and the file's variables, and no others'")
}

func TestRunFindsProgramsOnTheJobsPath(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "true"), []byte("#!/bin/sh\necho mine\n"), 0o755))
	b.Env = map[string]string{"PATH": dir + ":" + os.Getenv("PATH")}
	_, err := b.stream(t, t.Context(), "true")
	require.NoError(t, err)
	// The shell has a true of its own; what matters is that ours was not taken
	// from the PATH of the run.
	_, err = b.stream(t, t.Context(), filepath.Join(dir, "true"), "env true")
	require.NoError(t, err)
	assert.Equal(t, "mine\nmine\n", b.stdout.String())
}

func TestRunRetries(t *testing.T) {
	b := newBench(t)
	b.Retries = 5
	b.RetryDelay = 20 * time.Millisecond
	sum, err := b.stream(t, t.Context(), `echo try $HEIRLOOM_ATTEMPT; test $HEIRLOOM_ATTEMPT -eq 3`)
	require.NoError(t, err)
	assert.Equal(t, 1, sum.OK)
	assert.Equal(t, "try 1\ntry 2\ntry 3\n", b.stdout.String(), "the output of all attempts")
	for _, r := range b.results {
		assert.Equal(t, 3, r.Attempts)
		assert.Equal(t, 0, r.Exit)
		assert.GreaterOrEqual(t, r.Seconds, 0.06, "20 ms, and then twice that")
	}

	sum, err = b.plan(t, t.Context(), "jobs = [{name = 'a', retries = 1, command = 'exit $HEIRLOOM_ATTEMPT'}]")
	require.NoError(t, err)
	assert.Equal(t, 1, sum.Failed)
	assert.Equal(t, 2, b.results["a"].Attempts, "a job's own count")
	assert.Equal(t, 2, b.results["a"].Exit, "how the last attempt ended")
}

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
	sum, err := b.stream(t, ctx, "touch "+dir+"/tried; false")
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{Canceled: 1}, sum.Counts)
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
  {name = "slow", command = "sleep 60"},
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

// running returns those of the processes whose ids are in the files that run.
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
  {name = "parent", command = "sh -c 'echo $$ > $DIR/new; mv $DIR/new $DIR/child; exec sleep 60' & sleep 60; true"},
  {name = "later", needs = ["polite"], command = "true"},
]`, dir))
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{Canceled: 2, NotRun: 1}, sum.Counts)
	assert.Equal(t, 7, b.results["polite"].Exit)
	assert.Equal(t, "told\n", b.stdout.String(), "what it said to that is printed")
	assert.Empty(t, running(t, dir+"/child"), "the whole group is gone")
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
			// The leader ends when it is told to, and leaves behind one who doesn't.
			sum, err := b.stream(t, ctx, fmt.Sprintf(
				`sh -c 'trap "" TERM; echo $$ > %[1]s/deaf; touch %[1]s/ready; while :; do sleep 0.01; done' & wait`, dir))
			require.NoError(t, err)
			assert.Equal(t, 1, sum.Canceled)
			assert.Empty(t, running(t, dir+"/deaf"))
		})
	}
}

func TestRunEndsWhatJobsLeaveBehind(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	start := time.Now()
	sum, err := b.stream(t, t.Context(), fmt.Sprintf("sleep 60 & echo $! > %s/left", dir))
	require.NoError(t, err)
	assert.Equal(t, 1, sum.OK)
	assert.Empty(t, running(t, dir+"/left"))
	assert.Less(t, time.Since(start), 50*time.Second)
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

func TestRunTellsWhyACommandCannotBeStarted(t *testing.T) {
	b := newBench(t)
	sum, err := b.plan(t, t.Context(), "jobs = [{name = 'a', dir = '/no/such/dir', command = 'true'}]")
	require.NoError(t, err)
	assert.Equal(t, 1, sum.Failed)
	assert.Contains(t, b.results["a"].Why(), "/no/such/dir")
	assert.Equal(t, -1, b.results["a"].Exit)
}

func TestRunExplains(t *testing.T) {
	b := newBench(t)
	var got []string
	b.Explain = func(r *jobs.Result) error {
		got = append(got, r.Job)
		return nil
	}
	sum, err := b.plan(t, t.Context(), "jobs = [{name = 'a', needs = ['b'], command = 'touch /no'}, {name = 'b', command = 'false'}]")
	require.NoError(t, err)
	assert.Equal(t, []string{"b", "a"}, got)
	assert.Equal(t, 2, sum.OK)
	assert.Empty(t, b.results)
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
			sum, err := b.stream(t, t.Context(), "echo a", "sleep 60", "true")
			assert.ErrorIs(t, err, syscall.EPIPE)
			assert.EqualError(t, err, "cannot write to standard output: broken pipe")
			assert.Less(t, time.Since(start), 50*time.Second)
			assert.LessOrEqual(t, sum.OK, 2)
		})
	}
}
