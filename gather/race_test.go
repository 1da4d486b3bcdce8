package gather_test

import (
	"context"
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

func TestRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var cause error
		got, err := gather.Race(t.Context(),
			returning(2*time.Second, "slow", nil),
			returning(time.Second, "fast", nil),
			func(ctx context.Context) (string, error) {
				<-ctx.Done()
				time.Sleep(time.Minute)
				cause = context.Cause(ctx)
				return "cancelled", nil
			},
		)
		require.NoError(t, err)
		assert.Equal(t, "fast", got)
		assert.Equal(t, time.Second+time.Minute, time.Since(start), "all have ended")
		assert.Equal(t, context.Canceled, cause)
	})
}

func TestRaceIsLostByAFailureThatComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := gather.Race(t.Context(),
			returning(2*time.Second, "slow", nil),
			returning(time.Second, "dropped", errBoom),
		)
		assert.Empty(t, got)
		assert.EqualError(t, err, "gather: job 1: boom")
	})
}

func TestAny(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got, err := gather.Any(t.Context(),
			returning(time.Hour, "slow", nil),
			returning(2*time.Second, "first to succeed", nil),
			returning(time.Second, "", errBoom),
			func(context.Context) (string, error) { panic("p") },
			func(context.Context) (string, error) { runtime.Goexit(); return "", nil },
		)
		require.NoError(t, err)
		assert.Equal(t, "first to succeed", got)
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestAnyWhenAllFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := gather.Any(t.Context(),
			returning(2*time.Second, "", errBoom),
			returning(time.Second, "", errCrash),
		)
		assert.EqualError(t, err, "gather: 2 jobs failed: job 0: boom; job 1: crash")
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, errCrash)
	})
}

func TestContestOfNobody(t *testing.T) {
	_, err := gather.Race[int](t.Context())
	assert.Equal(t, gather.ErrNoJobs, err)
	_, err = gather.Any[int](t.Context())
	assert.Equal(t, gather.ErrNoJobs, err)
}

func TestContestWhenTheCallerCancels(t *testing.T) {
	for name, contest := range map[string]func(context.Context, ...task.Func[int]) (int, error){
		"Race": gather.Race[int],
		"Any":  gather.Any[int],
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(errQuit) })
				job := returning(time.Hour, 1, nil)
				_, err := contest(ctx, job, job)
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, errQuit)
				assert.NotErrorIs(t, err, gather.ErrNotStarted)

				_, err = contest(ctx, job, job)
				assert.ErrorIs(t, err, gather.ErrNotStarted)
				assert.ErrorIs(t, err, errQuit)
			})
		})
	}
}

// A function that hears of a lost panic and calls Goexit keeps no other from being heard
// of.
func TestReporterThatExitsHearsOfAllLostPanics(t *testing.T) {
	boom := func(context.Context, int) (int, error) { panic("boom") }
	for name, call := range map[string]func(ctx context.Context){
		"Race": func(ctx context.Context) {
			lost := func(ctx context.Context) (int, error) { <-ctx.Done(); panic("boom") }
			_, _ = gather.Race(ctx, func(context.Context) (int, error) { return 1, nil }, lost, lost, lost)
		},
		"Stream": func(ctx context.Context) {
			in := slices.Values([]int{0, 1, 2, 3})
			for range gather.Stream(ctx, in, boom, gather.Limit(4), gather.Ordered()) {
				time.Sleep(time.Second) // all others have panicked by then
				break
			}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var heard atomic.Int32
			go func() {
				_, _ = task.Run(t.Context(), func(ctx context.Context) (int, error) { call(ctx); return 0, nil },
					task.Unobserved(func(task.Info, error) { heard.Add(1); runtime.Goexit() }))
			}()
			time.Sleep(time.Minute)
			synctest.Wait()
			assert.Equal(t, int32(3), heard.Load(), name)
		})
	}
}
