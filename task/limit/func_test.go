package limit_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/limit"
)

func TestDo(t *testing.T) {
	tests := []struct {
		name, reason string
		fn           task.Func[int]
		is           error
	}{
		{"value", "the place is given back", func(context.Context) (int, error) { return 1, nil }, nil},
		{"error", "after an error too", func(context.Context) (int, error) { return 0, errBroken }, errBroken},
		{"panic", "and a panic", func(context.Context) (int, error) { panic(errBroken) }, errBroken},
		{"goexit", "and a Goexit", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }, task.ErrGoexit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			first, second := limit.New(limit.Limit{AtOnce: 2}), limit.New(limit.Limit{AtOnce: 1})
			_, err := task.Go(t.Context(), limit.Task(limit.Chain(first, second), func(ctx context.Context) (int, error) {
				assert.EqualValues(t, 1, first.Held())
				assert.False(t, second.TryAcquire(1))
				return tt.fn(ctx)
			})).Await(t.Context())
			require.ErrorIs(t, err, tt.is)
			assert.Zero(t, first.Held())
			assert.Zero(t, second.Held())
		})
	}
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { _, _ = limit.Do[int](t.Context(), limit.New(limit.Limit{}), nil) })
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { limit.Task[int](limit.New(limit.Limit{}), nil) })
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { limit.FuncBy[int, int](nil, nil) })
}

func TestChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := limit.New(limit.Limit{AtOnce: 2}), limit.New(limit.Limit{AtOnce: 1})
		both := limit.Chain(first, second)
		require.True(t, both.TryAcquire(1))
		assert.False(t, both.TryAcquire(1))
		assert.EqualValues(t, 1, first.Held(), "given back")
		ctx, cancel := context.WithTimeout(t.Context(), s)
		defer cancel()
		require.ErrorIs(t, both.Acquire(ctx, 1), context.DeadlineExceeded)
		assert.EqualValues(t, 1, first.Held(), "given back")
		both.Release(1)
		require.NoError(t, both.Acquire(t.Context(), 1))
		both.Release(1)
	})
}

// A counted is a Gate of the user's that has a Limiter in it.
type counted struct {
	*limit.Limiter
	released int
}

func (c *counted) Release(weight int64) {
	c.released++
	c.Limiter.Release(weight)
}

// A Chain that does not get all of its gates leaves the rates of the others as they were.
func TestChainThatGivesUp(t *testing.T) {
	hourly := limit.Limit{Every: time.Hour}
	for name, first := range map[string]limit.Gate{
		"a Limiter": limit.New(hourly),
		"a key":     limit.NewKeyed(func(int) limit.Limit { return hourly }).For(1),
		"a Chain":   limit.Chain(limit.New(hourly), limit.New(hourly)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				second := limit.New(limit.Limit{AtOnce: 1})
				require.True(t, second.TryAcquire(1))
				both := limit.Chain(first, second)
				for range 3 {
					assert.False(t, both.TryAcquire(1))
					ctx, cancel := context.WithTimeout(t.Context(), s)
					require.ErrorIs(t, both.Acquire(ctx, 1), context.DeadlineExceeded)
					cancel()
				}
				second.Release(1)
				require.True(t, both.TryAcquire(1))
				both.Release(1)
				assert.False(t, first.TryAcquire(1), "the rate allows no other")
			})
		})
	}
	users := &counted{Limiter: limit.New(limit.Limit{})}
	both := limit.Chain(users, limit.New(hourly))
	require.True(t, both.TryAcquire(1))
	require.False(t, both.TryAcquire(1))
	assert.Equal(t, 1, users.released)
}

// The beginning that a Chain gives back is not one more for others that began since then.
func TestChainThatGivesUpLate(t *testing.T) {
	tests := []struct {
		name   string
		burst  int
		others []time.Duration // when others begin; the Chain begins at 0
		after  time.Duration   // when the Chain gives up
		now    int             // how many may begin then
	}{
		{"none began since", 1, nil, s / 2, 1},
		{"others at the average rate", 1, []time.Duration{s, 2 * s}, 2*s + s/10, 0},
		{"at once with the Chain", 2, []time.Duration{0}, s / 2, 1},
		{"after a pause", 2, []time.Duration{10 * s, 10 * s}, 10*s + s/10, 0},
	}
	for _, tt := range tests {
		for _, nested := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					rate, second := limit.New(limit.Limit{Every: s, Burst: tt.burst}), limit.New(limit.Limit{AtOnce: 1})
					require.True(t, second.TryAcquire(1))
					both := limit.Chain(rate, second)
					if nested {
						both = limit.Chain(limit.Chain(rate, second), limit.New(limit.Limit{}))
					}
					ctx, cancel := context.WithTimeout(t.Context(), tt.after)
					defer cancel()
					begin := time.Now()
					waits := task.Start(t.Context(), func(context.Context) error { return both.Acquire(ctx, 1) })
					synctest.Wait()
					for _, at := range tt.others {
						time.Sleep(time.Until(begin.Add(at)))
						require.True(t, rate.TryAcquire(1))
					}
					_, err := waits.Await(t.Context())
					require.ErrorIs(t, err, context.DeadlineExceeded)
					for range tt.now {
						assert.True(t, rate.TryAcquire(1))
					}
					assert.False(t, rate.TryAcquire(1))
				})
			})
		}
	}
}

// A Chain in a Chain gives back the beginning of each rate at the time of that.
func TestChainInAChainThatGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate, place, last := limit.New(limit.Limit{Every: s}), limit.New(limit.Limit{AtOnce: 1}), limit.New(limit.Limit{AtOnce: 1})
		require.True(t, place.TryAcquire(1))
		require.True(t, last.TryAcquire(1))
		all := limit.Chain(limit.Chain(rate, place), last)
		ctx, cancel := context.WithTimeout(t.Context(), s+s/10)
		defer cancel()
		waits := task.Start(t.Context(), func(context.Context) error { return all.Acquire(ctx, 1) })
		time.Sleep(s)
		require.True(t, rate.TryAcquire(1))
		place.Release(1)
		_, err := waits.Await(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.False(t, rate.TryAcquire(1), "another has begun since")
	})
}
