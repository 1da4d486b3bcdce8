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
