//go:build unix

package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func TestRunReportsHowJobsEnd(t *testing.T) {
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

// meet returns a command that ends when n of its kind have begun.
func meet(t *testing.T, n int) string {
	dir := t.TempDir()
	return fmt.Sprintf("touch %s/$HEIRLOOM_NUMBER; while [ $(ls %s | wc -l) -lt %d ]; do sleep 0.01; done", dir, dir, n)
}

func TestRunKeepsToTheLimit(t *testing.T) {
	b := newBench(t)
	b.Limit = 3
	most := 0
	b.Progress = func(c jobs.Counts) { most = max(most, c.Running) }
	// They end only if three run at once. The last of them do not help the others.
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
	// The shell has its own true. The test is that ours was not taken from the PATH of
	// the run.
	_, err = b.stream(t, t.Context(), filepath.Join(dir, "true"), "env true")
	require.NoError(t, err)
	assert.Equal(t, "mine\nmine\n", b.stdout.String())
}

// A plain command runs without a shell, unless its PATH is not the run's.
func TestRunFindsPlainCommandsOnTheJobsPath(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "uname"), []byte("#!/bin/sh\necho mine\n"), 0o755))
	b := newBench(t)
	b.Env = map[string]string{"PATH": dir + ":" + os.Getenv("PATH")}
	_, err := b.stream(t, t.Context(), "uname")
	require.NoError(t, err)
	assert.Equal(t, "mine\n", b.stdout.String())

	t.Setenv("PATH", b.Env["PATH"])
	b = newBench(t)
	_, err = b.plan(t, t.Context(), `
jobs = [
  {name = "ours", command = "uname"},
  {name = "none", command = "uname", unset = ["PATH"]},
]`)
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(b.stdout.String(), "mine\n"), "without a PATH the shell has its own")
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

func TestRunSaysWhyACommandCannotBeStarted(t *testing.T) {
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

// Names of variables are the same in any case on Windows alone.
func TestRunUnsetsVariables(t *testing.T) {
	t.Setenv("HEIRLOOM_TEST_A", "1")
	t.Setenv("HEIRLOOM_TEST_B", "2")
	b := newBench(t)
	b.Unset = []string{"HEIRLOOM_TEST_A", "heirloom_test_b"}
	_, err := b.stream(t, t.Context(), "echo $HEIRLOOM_TEST_A/$HEIRLOOM_TEST_B")
	require.NoError(t, err)
	assert.Equal(t, "/2\n", b.stdout.String())
}
