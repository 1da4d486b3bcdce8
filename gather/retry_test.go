package gather_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

func isBoom(err error) bool { return errors.Is(err, errBoom) }

func TestRetryUntilSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		attempts := 0
		got, err := gather.Map(t.Context(), upTo(1), func(context.Context, int) (string, error) {
			attempts++
			if attempts < 3 {
				return "", errBoom
			}
			return "ok", nil
		}, gather.Retry(5, gather.Constant(time.Second), isBoom))
		require.NoError(t, err)
		assert.Equal(t, []string{"ok"}, got)
		assert.Equal(t, 3, attempts)
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestRetryGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var failed []int
		wait := func(n int, err error) time.Duration {
			assert.Equal(t, errBoom, err)
			failed = append(failed, n)
			return time.Duration(n) * time.Second
		}
		err := gather.Each(t.Context(), upTo(1), func(context.Context, int) error { return errBoom },
			gather.Retry(4, wait, isBoom))
		assert.EqualError(t, err, "gather: job 0: after 4 attempts: boom")
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, []int{1, 2, 3}, failed)
		assert.Equal(t, 6*time.Second, time.Since(start))
	})
}

func TestRetryOnlyWhatIsSaidToBeWorthIt(t *testing.T) {
	var attempts atomic.Int32
	for name, fail := range map[string]func() (int, error){
		"another error": func() (int, error) { return 0, errCrash },
		"a panic":       func() (int, error) { return explode(errBoom) },
	} {
		attempts.Store(0)
		_, err := gather.Map(t.Context(), upTo(1), func(context.Context, int) (int, error) {
			attempts.Add(1)
			return fail()
		}, gather.Retry(5, gather.Constant(0), isBoom))
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), "attempts", name)
		assert.EqualValues(t, 1, attempts.Load(), name)
	}
}

func TestRetryEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errQuit) })
		start := time.Now()
		err := gather.Each(ctx, upTo(1), func(context.Context, int) error { return errBoom },
			gather.Retry(5, gather.Constant(time.Hour), isBoom))
		assert.Equal(t, time.Second, time.Since(start), "it does not sit out the wait")
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, errQuit)

		attempts := 0
		_ = gather.Each(t.Context(), upTo(1), func(ctx context.Context, _ int) error {
			attempts++
			<-ctx.Done()
			return errBoom
		}, gather.Retry(5, gather.Constant(0), isBoom), gather.Timeout(time.Second))
		assert.Equal(t, 1, attempts, "the time is up")
	})
}

// Timeout, Limit and Progress treat the attempts of a job as one job.
// A clean-up is tried again, although the Group that it is in is ending.
func TestRetryInACleanUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		err := task.Group(t.Context(), func(ctx context.Context) error {
			task.Start(ctx, func(ctx context.Context) error {
				<-ctx.Done()
				return gather.Each(context.WithoutCancel(ctx), upTo(1), func(context.Context, int) error {
					if attempts++; attempts < 3 {
						return errBoom
					}
					return nil
				}, gather.Retry(3, gather.Constant(time.Second), isBoom))
			})
			return errors.New("aborted")
		})
		assert.EqualError(t, err, "task: group: body: aborted")
		assert.Equal(t, 3, attempts)
	})
}

func TestRetryWithinOneTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		reports := 0
		err := gather.Each(t.Context(), upTo(1), func(ctx context.Context, _ int) error {
			return errBoom
		}, gather.Retry(100, gather.Constant(time.Second), isBoom), gather.Timeout(2500*time.Millisecond),
			gather.Progress(func(gather.Counts) { reports++ }))
		var timeout *task.TimeoutError
		require.ErrorAs(t, err, &timeout)
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, 2500*time.Millisecond, time.Since(start))
		assert.Equal(t, 1, reports)
	})
}

func TestRetryWaitsForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ticker{every: time.Minute}
		start := time.Now()
		_ = gather.Each(t.Context(), upTo(1), func(context.Context, int) error { return errBoom },
			gather.Retry(3, gather.Constant(time.Second), isBoom), gather.Rate(l))
		assert.Equal(t, 3, l.calls)
		assert.Equal(t, 2*time.Minute, time.Since(start))
	})
}

// A failed attempt leaves nothing behind for the next one.
func TestRetryIsolatesAttempts(t *testing.T) {
	defer jobVar.Set("caller").Reset()
	err := gather.Each(t.Context(), upTo(1), func(context.Context, int) error {
		assert.Equal(t, "caller", jobVar.Get())
		jobVar.Set("attempt")
		return errBoom
	}, gather.Retry(3, gather.Constant(0), isBoom))
	assert.ErrorIs(t, err, errBoom)
}

func TestPanicInRetryFunctionsIsTheJobs(t *testing.T) {
	boom := func(context.Context, int) error { return errBoom }
	for name, retry := range map[string]gather.Option{
		"retryable": gather.Retry(2, gather.Constant(0), func(error) bool { panic("p") }),
		"wait":      gather.Retry(2, func(int, error) time.Duration { panic("p") }, isBoom),
	} {
		var panicked *task.PanicError
		assert.ErrorAs(t, gather.Each(t.Context(), upTo(1), boom, retry), &panicked, name)
	}
}

func TestExponential(t *testing.T) {
	wait := gather.Exponential(100*time.Millisecond, time.Second)
	for failed, want := range map[int]time.Duration{
		1:       100 * time.Millisecond,
		2:       200 * time.Millisecond,
		3:       400 * time.Millisecond,
		4:       800 * time.Millisecond,
		5:       time.Second,
		1 << 30: time.Second,
	} {
		low, high := time.Duration(1<<62), time.Duration(0)
		for range 1000 {
			d := wait(failed, errBoom)
			low, high = min(low, d), max(high, d)
		}
		assert.GreaterOrEqual(t, low, want/2, "%d failed", failed)
		assert.LessOrEqual(t, low, want/2+want/20, "%d failed", failed)
		assert.GreaterOrEqual(t, high, want-want/20, "%d failed", failed)
		assert.LessOrEqual(t, high, want, "%d failed", failed)
	}
	longest := gather.Exponential(1, 1<<63-1)
	assert.Positive(t, longest(1000, errBoom), "does not overflow")
	same := gather.Exponential(time.Second, time.Second)
	assert.LessOrEqual(t, same(2, errBoom), time.Second, "the first may be the longest")
	assert.Equal(t, time.Duration(1), gather.Exponential(1, 1)(1, errBoom), "the shortest has no half")
}

// What panics once a job has failed does not hide the failure.
func TestPanicWhileRetrying(t *testing.T) {
	always := func(error) bool { return true }
	n := 0
	for name, opts := range map[string][]gather.Option{
		"retryable": {gather.Retry(3, gather.Constant(0), func(error) bool { panic("ask") })},
		"backoff":   {gather.Retry(3, func(int, error) time.Duration { panic("ask") }, always)},
		"rate": {gather.Retry(3, gather.Constant(0), always), gather.Rate(limiter(func(context.Context) error {
			if n++; n%2 == 0 {
				panic("ask")
			}
			return nil
		}))},
	} {
		t.Run(name, func(t *testing.T) {
			fail := func(context.Context, int) (int, error) { return 0, errBoom }
			var err error
			var streamed []error
			_ = task.Group(t.Context(), func(ctx context.Context) error {
				_, err = gather.Map(ctx, upTo(1), fail, opts...)
				_, streamed = collect(gather.Stream(ctx, slices.Values(upTo(1)), fail, opts...))
				return nil
			}, task.Unobserved(func(_ task.Info, err error) { t.Errorf("reported too: %v", err) }))
			for _, err := range append(streamed, err) {
				require.ErrorIs(t, err, errBoom)
				var panicked *task.PanicError
				require.ErrorAs(t, err, &panicked)
				assert.Equal(t, "ask", panicked.Value)
				assert.ErrorContains(t, err, "not tried again after attempt 1: panic: ask")
			}
			assert.Len(t, streamed, 1)
		})
	}
}

// An error that reports a Goexit somewhere else is an error of the Rate, and nothing is
// reported for it.
func TestRateReportsAGoexitWhileRetrying(t *testing.T) {
	n := 0
	exits := gather.Rate(limiter(func(context.Context) error {
		if n++; n == 2 {
			return task.ErrGoexit
		}
		return nil
	}))
	err := task.Group(t.Context(), func(ctx context.Context) error {
		return gather.Each(ctx, upTo(1), func(context.Context, int) error { return errBoom },
			gather.Retry(3, gather.Constant(0), isBoom), exits)
	}, task.Unobserved(func(_ task.Info, err error) { t.Errorf("reported: %v", err) }))
	require.ErrorIs(t, err, errBoom)
	assert.ErrorIs(t, err, task.ErrGoexit)
}

// After a Goexit nobody can return the failure of the job, so it is reported.
func TestGoexitWhileRetrying(t *testing.T) {
	exit := func() { runtime.Goexit() }
	for name, retry := range map[string]gather.Option{
		"retryable": gather.Retry(3, gather.Constant(0), func(error) bool { exit(); return true }),
		"backoff":   gather.Retry(3, func(int, error) time.Duration { exit(); return 0 }, isBoom),
	} {
		t.Run(name, func(t *testing.T) {
			var errs []error
			_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
				return 0, gather.Each(ctx, upTo(1), func(context.Context, int) error { return errBoom }, retry)
			}, heard(&errs))
			assert.ErrorIs(t, err, task.ErrGoexit)
			assert.Equal(t, []error{errBoom}, errs)
		})
	}
}
