package supervise_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/supervise"
)

func TestMaxRestarts(t *testing.T) {
	tests := []struct {
		name, reason string
		n            int
		within       time.Duration
		each         time.Duration // how long a run lasts
		runs         int           // after which Run gives up; 0 is never
	}{
		{"none", "with 0 the first failure is one too many", 0, time.Minute, time.Second, 1},
		{"too fast", "the third failure within the time is one too many for two restarts", 2, 10 * time.Second, time.Second, 3},
		{"slow enough", "old failures are forgotten", 2, 10 * time.Second, 5 * time.Second, 0},
		{"just in time", "a failure counts for less than the time", 1, 5 * time.Second, 5 * time.Second, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			synctest.Test(t, func(t *testing.T) {
				var failures told
				runs := 0
				err := supervise.Run(t.Context(), func(context.Context) error {
					if runs++; runs > 20 {
						return nil
					}
					time.Sleep(tt.each)
					return errBroken
				}, failures.hear(), supervise.MaxRestarts(tt.n, tt.within),
					supervise.Backoff(func(int, error) time.Duration { return 0 }))
				if tt.runs == 0 {
					require.NoError(t, err)
					return
				}
				assert.Equal(t, tt.runs, runs)
				var le *supervise.LimitError
				require.ErrorAs(t, err, &le)
				assert.Equal(t, tt.n, le.Restarts)
				assert.Equal(t, errBroken, le.Err)
				assert.Contains(t, err.Error(), `"supervised" failed again`)
				assert.Len(t, failures.list, runs-1, "the last failure is returned, and not reported too")
			})
		})
	}
}

// One for all, by a Group in a Run.
func TestOneForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts := map[string]int{}
		var mu sync.Mutex
		err := supervise.Run(t.Context(), func(ctx context.Context) error {
			return task.Group(ctx, func(ctx context.Context) error {
				for name, lasts := range map[string]time.Duration{"a": time.Second, "b": time.Hour} {
					task.Go(ctx, func(ctx context.Context) (int, error) {
						mu.Lock()
						starts[name]++
						n := starts[name]
						mu.Unlock()
						if n == 3 {
							return 0, nil
						}
						if err := task.Sleep(ctx, lasts); err != nil {
							return 0, err
						}
						return 0, errBroken
					})
				}
				return nil
			})
		}, supervise.OnFailure(func(supervise.Failure) {}))
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"a": 3, "b": 3}, starts)
	})
}

// Rest for one, by a Run in a Run: a failure of the earlier one restarts the later one too,
// and a failure of the later one only that, unless there are too many.
func TestRestForOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials, consumes := 0, 0
		quiet := supervise.OnFailure(func(supervise.Failure) {})
		err := supervise.Run(t.Context(), func(ctx context.Context) error {
			if dials++; dials == 1 {
				return errBroken
			}
			return supervise.Run(ctx, func(context.Context) error {
				if consumes++; consumes < 6 {
					return errBroken
				}
				return nil
			}, supervise.MaxRestarts(2, time.Hour), quiet)
		}, quiet)
		require.NoError(t, err)
		assert.Equal(t, 3, dials, "it failed itself, then the later one did too often, and then all was well")
		assert.Equal(t, 6, consumes, "three times under the second dial, and three times under the third")
	})
}

// Everything that a run started has ended before the next run begins.
func TestRunsDoNotOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live, runs := 0, 0
		var mu sync.Mutex
		err := supervise.Run(t.Context(), func(ctx context.Context) error {
			mu.Lock()
			assert.Zero(t, live)
			mu.Unlock()
			task.Go(ctx, func(ctx context.Context) (int, error) {
				mu.Lock()
				live++
				mu.Unlock()
				<-ctx.Done()
				time.Sleep(time.Minute) // cleans up
				mu.Lock()
				live--
				mu.Unlock()
				return 0, ctx.Err()
			})
			synctest.Wait()
			if runs++; runs == 4 {
				return nil
			}
			return errBroken
		}, supervise.OnFailure(func(supervise.Failure) {}))
		require.NoError(t, err)
		assert.Zero(t, live)
	})
}

func TestBackoffBeginsAnewAfterAStableRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lasts := []time.Duration{0, 0, 0, time.Hour, 0}
		var failures told
		n := 0
		err := supervise.Run(t.Context(), func(context.Context) error {
			if n == len(lasts) {
				return nil
			}
			time.Sleep(lasts[n])
			n++
			return errBroken
		}, failures.hear(), supervise.Stable(time.Hour), supervise.Backoff(gather.Constant(time.Second)))
		require.NoError(t, err)
		var counts []int
		for _, f := range failures.list {
			counts = append(counts, f.Failed)
			assert.Equal(t, time.Second, f.Wait)
		}
		assert.Equal(t, []int{1, 2, 3, 1, 2}, counts)
	})
}

func TestPermanent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := supervise.Run(t.Context(), func(context.Context) error { return nil },
			supervise.Permanent(), supervise.MaxRestarts(2, time.Hour), supervise.OnFailure(func(supervise.Failure) {}))
		require.ErrorIs(t, err, supervise.ErrReturned)
	})
}

func TestRestartIf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		err := supervise.Run(t.Context(), func(context.Context) error {
			if runs++; runs < 3 {
				return errBroken
			}
			return errors.New("wrong password")
		}, supervise.RestartIf(func(err error) bool { return errors.Is(err, errBroken) }), supervise.OnFailure(func(supervise.Failure) {}))
		require.EqualError(t, err, "wrong password")
		assert.Equal(t, 3, runs)
	})
}
