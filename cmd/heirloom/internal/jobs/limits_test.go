//go:build unix

package jobs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func TestRunEndsWhatIsStopped(t *testing.T) {
	b := newBench(t)
	b.Grace = time.Hour
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		waitFor(t, filepath.Join(dir, "ready"))
		cancel()
	}()
	command := "touch " + dir + "/ready; kill -STOP $$"
	sum, err := b.stream(t, ctx, command)
	require.NoError(t, err)
	assert.Equal(t, 1, sum.Canceled)
	assert.Equal(t, "SIGTERM", b.results[command].Why(), "it is continued, so that it hears the signal")
}

// failingOnce fails in the first write, and counts its writes.
type failingOnce struct{ writes int }

func (f *failingOnce) Write(p []byte) (int, error) {
	if f.writes++; f.writes == 1 {
		return 0, syscall.EIO
	}
	return len(p), nil
}

func TestNothingIsWrittenAfterAnError(t *testing.T) {
	for name, output := range map[string]func(*failingOnce) jobs.Output{
		"whole":   func(w *failingOnce) jobs.Output { return jobs.Whole(w, w, false) },
		"ordered": func(w *failingOnce) jobs.Output { return jobs.Ordered(w, w, false) },
		"lines":   func(w *failingOnce) jobs.Output { return jobs.Prefixed(w, w, false) },
		"json":    func(w *failingOnce) jobs.Output { return jobs.JSON(w) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w := new(failingOnce)
			b.Output = output(w)
			_, err := b.stream(t, t.Context(), slices.Repeat([]string{"echo x; echo y >&2"}, 8)...)
			assert.ErrorIs(t, err, syscall.EIO)
			assert.Equal(t, 1, w.writes, "what comes after a gap is not to look like all there is")
		})
	}
}

func TestRunHoldsAndDelays(t *testing.T) {
	b := newBench(t)
	asked, said := 0, []string{}
	b.Say = func(s string) { said = append(said, s) }
	b.Hold = func() string {
		if asked++; asked < 3 {
			return "the moon is full"
		}
		return ""
	}
	b.Delay = 100 * time.Millisecond
	start := time.Now()
	sum, err := b.stream(t, t.Context(), "true", "true", "true")
	require.NoError(t, err)
	assert.Equal(t, 3, sum.OK)
	assert.GreaterOrEqual(t, time.Since(start), 200*time.Millisecond)
	assert.Equal(t, []string{"the moon is full: waiting with the next job"}, said, "once")
}

func TestRunTimeStandsStillWhileSuspended(t *testing.T) {
	// The job needs some of its time before the suspension and after it, and on a busy
	// machine that may be all of it. Then it gets more, and is suspended for longer.
	for timeout := time.Second; timeout <= 16*time.Second; timeout *= 2 {
		b := newBench(t)
		b.Processes = new(jobs.Processes)
		b.Timeout = timeout
		dir := t.TempDir()
		ended, suspending := make(chan struct{}), new(sync.WaitGroup)
		suspending.Go(func() {
			for _, err := os.Stat(dir + "/ready"); err != nil; _, err = os.Stat(dir + "/ready") {
				select {
				case <-ended: // it had no time to say that it runs
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
			b.Processes.Suspend()
			time.Sleep(timeout * 5 / 4)
			assert.NoError(t, os.WriteFile(dir+"/go", nil, 0o600))
			b.Processes.Resume()
		})
		sum, err := b.stream(t, t.Context(), fmt.Sprintf("touch %[1]s/ready; while [ ! -e %[1]s/go ]; do sleep 0.01; done", dir))
		require.NoError(t, err)
		close(ended)
		suspending.Wait()
		if sum.OK == 1 {
			return
		}
	}
	require.Fail(t, "the job ran out of time, however much it had")
}

// A job ends at the same moment as the order comes to start no more jobs.
func TestRunStartsNothingOnceItDrains(t *testing.T) {
	b := newBench(t)
	drain := make(chan struct{})
	b.Drain, b.Limit, b.Total = drain, 1, 3
	b.Progress = func(c jobs.Counts) {
		if c.Ended() == 1 && c.Running == 0 {
			close(drain)
		}
	}
	sum, err := b.stream(t, t.Context(), "true", "echo second", "echo third")
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{OK: 1, NotRun: 2}, sum.Counts)
}

func TestHalt(t *testing.T) {
	tests := []struct {
		halt, reason string
		commands     []string
		want         jobs.Counts
	}{
		{"soon,fail=1", "those that run may end", []string{"false", "echo x", "echo y"}, jobs.Counts{Failed: 1, NotRun: 2}},
		{"now,done=2", "as many ended", []string{"false", "true", "true"}, jobs.Counts{OK: 1, Failed: 1, NotRun: 1}},
		{"soon,success=2", "as many succeeded", []string{"false", "true", "true", "true"}, jobs.Counts{OK: 2, Failed: 1, NotRun: 1}},
		{"soon,fail=50%", "a share of all", []string{"false", "true", "false", "true"}, jobs.Counts{OK: 1, Failed: 2, NotRun: 1}},
		{"soon,done=60%", "and not of those that have ended", []string{"true", "false", "true", "true", "true"}, jobs.Counts{OK: 2, Failed: 1, NotRun: 2}},
		{"now,success=30%", "rounded up", []string{"true", "true", "true", "true"}, jobs.Counts{OK: 2, NotRun: 2}},
		{"never", "nothing", []string{"false", "true"}, jobs.Counts{OK: 1, Failed: 1}},
		{"50%", "the older form of soon,fail=50%", []string{"false", "true", "false", "true"}, jobs.Counts{OK: 1, Failed: 2, NotRun: 1}},
		{"1", "the older name", []string{"false", "true"}, jobs.Counts{Failed: 1, NotRun: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.halt, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			b := newBench(t)
			var err error
			b.Halt, err = jobs.ParseHalt(tt.halt)
			require.NoError(t, err)
			b.Limit, b.Total = 1, len(tt.commands)
			sum, err := b.stream(t, t.Context(), tt.commands...)
			require.NoError(t, err)
			assert.Equal(t, tt.want, sum.Counts)
		})
	}
	t.Run("a time that is up is a failure", func(t *testing.T) {
		b := newBench(t)
		var err error
		b.Halt, err = jobs.ParseHalt("soon,fail=2")
		require.NoError(t, err)
		b.Limit, b.Total = 1, 4
		sum, err := b.run(t, t.Context(), func(o jobs.Options) (*jobs.Summary, error) {
			return jobs.RunStream(t.Context(), func(yield func(*jobs.Job, error) bool) {
				soon := &jobs.Duration{Duration: time.Millisecond}
				_ = yield(&jobs.Job{Command: "false"}, nil) && yield(&jobs.Job{Command: "sleep 600", Timeout: soon}, nil) &&
					yield(&jobs.Job{Command: "true"}, nil) && yield(&jobs.Job{Command: "true"}, nil)
			}, o)
		})
		require.NoError(t, err)
		assert.Equal(t, jobs.Counts{Failed: 1, TimedOut: 1, NotRun: 2}, sum.Counts)
	})
	for _, wrong := range []string{
		"later,fail=1", "now", "now,fail=x", "now,fail=0", "now,fail=-1", "now,fail=0%", "now,fail=100.1%", "now,fail=x%", "now,fail=NaN%",
	} {
		_, err := jobs.ParseHalt(wrong)
		assert.Error(t, err, wrong)
	}
	h, err := jobs.ParseHalt("soon,done=100%")
	require.NoError(t, err)
	assert.Equal(t, jobs.Halt{On: jobs.Ends, Percent: 100}, h)
}

func TestParseCodes(t *testing.T) {
	for list, want := range map[string]jobs.Codes{
		"1":                 {{1, 1}},
		"255":               {{255, 255}},
		"1, 75,100-110":     {{1, 1}, {75, 75}, {100, 110}},
		"7-7":               {{7, 7}},
		"timeout,timeout-9": nil,
		"timeout":           {{124, 124}},
		"":                  nil,
		"0":                 nil,
		"0-9":               nil,
		"256":               nil,
		"1-256":             nil,
		"9-8":               nil,
		"x":                 nil,
		"x-9":               nil,
		"9-x":               nil,
	} {
		got, err := jobs.ParseCodes(list)
		assert.Equal(t, want, got, list)
		assert.Equal(t, want == nil, err != nil, "%q: %v", list, err)
	}
}

func TestRunRetriesOnSomeCodes(t *testing.T) {
	for _, test := range []struct {
		reason, codes, command string
		attempts               int
	}{
		{"the first of a range", "3-5", "exit 3", 2},
		{"the last of it", "3-5", "exit 5", 2},
		{"below it", "3-5", "exit 2", 1},
		{"above it", "3-5", "exit 6", 1},
		{"another range", "3-5,9", "exit 9", 2},
		{"a time that is up", "timeout", "sleep 600", 2},
		{"a time that is up, and others are wanted", "3-5", "sleep 600", 1},
	} {
		b := newBench(t)
		b.Retries, b.RetryDelay, b.Timeout = 1, time.Millisecond, time.Hour
		if test.command == "sleep 600" {
			b.Timeout = 300 * time.Millisecond
		}
		var err error
		b.RetryOn, err = jobs.ParseCodes(test.codes)
		require.NoError(t, err)
		_, err = b.stream(t, t.Context(), test.command)
		require.NoError(t, err)
		assert.Equal(t, test.attempts, b.results[test.command].Attempts, test.reason)
	}
}
