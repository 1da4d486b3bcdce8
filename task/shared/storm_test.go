package shared_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/shared"
)

// TestStorm makes many callers of few keys come and go. It checks that no two tasks of
// a key ran at once unless its callers left or it was forgotten, that no caller that
// stayed got the result of a cancelled task, and that nothing is left.
func TestStorm(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	callers, each := 16, 150
	if testing.Short() {
		each = 30
	}
	before := runtime.NumGoroutine()
	var running [4]atomic.Int32
	var abandoned, joined atomic.Int32
	err := task.Group(context.Background(), func(ctx context.Context) error {
		s := shared.New(ctx, func(ctx context.Context, key int) (int32, error) {
			running[key].Add(1)
			defer running[key].Add(-1)
			err := task.Sleep(ctx, time.Duration(rand.IntN(200))*time.Microsecond)
			switch {
			case err != nil:
				assert.Equal(t, shared.ErrAbandoned, context.Cause(ctx))
				abandoned.Add(1)
				return 0, err
			case rand.IntN(10) == 0:
				panic(errBroken)
			case rand.IntN(10) == 0:
				return 0, errBroken
			}
			return int32(key), nil
		})
		for n := range uint64(callers) {
			r := rand.New(rand.NewPCG(seed, n))
			task.Go(ctx, func(ctx context.Context) (int, error) {
				for range each {
					key := r.IntN(len(running))
					limited, stop := ctx, context.CancelFunc(func() {})
					impatient := r.IntN(2) == 0
					if impatient {
						limited, stop = context.WithTimeout(ctx, time.Duration(r.IntN(200))*time.Microsecond)
					}
					v, err := s.Do(limited, key)
					stop()
					switch {
					case err == nil:
						joined.Add(1)
						if int(v) != key {
							t.Errorf("key %d got the result of %d", key, v)
						}
					case errors.Is(err, errBroken):
					case impatient && errors.Is(err, context.DeadlineExceeded):
					default:
						t.Errorf("one who stayed got %v", err)
					}
				}
				return 0, nil
			})
		}
		return nil
	}, task.Unobserved(func(task.Info, error) {})) // for tasks that failed when their last caller left
	require.NoError(t, err)
	for key := range running {
		assert.Zero(t, running[key].Load())
	}
	t.Logf("%d got a result, %d tasks were abandoned", joined.Load(), abandoned.Load())
	assert.Positive(t, joined.Load())
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before, "a goroutine stayed")
}
