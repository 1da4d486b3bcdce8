package limit_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/limit"
)

func TestKeysDoNotDisturbEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := limit.NewKeyed(func(key string) limit.Limit { return limit.Limit{AtOnce: int64(len(key))} })
		a, bb := hosts.For("a"), hosts.For("bb")
		_, wgA := acquire(t, a, 2, 1)
		_, wgB := acquire(t, bb, 2, 1)
		wgB.Wait()
		assert.Equal(t, 2, hosts.Len())
		assert.False(t, hosts.For("a").TryAcquire(1), "the same limiter for every caller")
		a.Release(1)
		wgA.Wait()
		a.Release(1)
		assert.Equal(t, 1, hosts.Len(), "forgotten at once")
		bb.Release(2)
		assert.Zero(t, hosts.Len())
	})
}

func TestKeysAreForgottenWhenTheirRateHasRecovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenants := limit.NewKeyed(func(key int) limit.Limit {
			return limit.Limit{Every: time.Duration(key) * s, Burst: 2}
		})
		for key := range 10 {
			require.True(t, tenants.For(key+1).TryAcquire(1))
		}
		for key := range 10 {
			tenants.For(key + 1).Release(1)
		}
		for key := range 10 {
			assert.Equal(t, 10-key, tenants.Len())
			time.Sleep(s)
			synctest.Wait()
		}
		assert.Zero(t, tenants.Len())

		for range 2 {
			one := tenants.For(60)
			require.True(t, one.TryAcquire(1))
			one.Release(1)
			time.Sleep(30 * s)
			assert.Equal(t, 1, tenants.Len())
			require.True(t, one.TryAcquire(1), "used again before it was forgotten")
			assert.False(t, one.TryAcquire(1), "and not forgotten: half of the burst is spent")
			one.Release(1)
			time.Sleep(89 * s)
			synctest.Wait()
			assert.Equal(t, 1, tenants.Len())
			time.Sleep(s)
			synctest.Wait()
			assert.Zero(t, tenants.Len())
		}
	})
}

func TestKeyedCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keyed := limit.NewKeyed(func(string) limit.Limit { return limit.Limit{AtOnce: 1} })
		require.True(t, keyed.For("a").TryAcquire(1))
		ctx, cancel := context.WithTimeoutCause(t.Context(), s, errBroken)
		defer cancel()
		require.ErrorIs(t, keyed.For("a").Acquire(ctx, 1), errBroken)
		require.ErrorIs(t, keyed.For("b").Acquire(ctx, 1), errBroken)
		assert.Equal(t, 1, keyed.Len())
		keyed.For("a").Release(1)
		assert.Zero(t, keyed.Len())
	})
}

func TestSetLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keyed := limit.NewKeyed(func(string) limit.Limit { return limit.Limit{AtOnce: 1} })
		_, wg := acquire(t, keyed.For("a"), 3, 1)
		keyed.SetLimits(func(string) limit.Limit { return limit.Limit{AtOnce: 2} })
		synctest.Wait()
		keyed.For("a").Release(1)
		wg.Wait()
		require.NoError(t, keyed.For("b").Acquire(t.Context(), 1))
		require.True(t, keyed.For("b").TryAcquire(1), "those that come into use later have it too")

		// A key that rests while its rate gets slower rests for longer.
		keyed.SetLimits(func(string) limit.Limit { return limit.Limit{Every: s} })
		require.True(t, keyed.For("c").TryAcquire(1))
		keyed.For("c").Release(1)
		keyed.SetLimits(func(string) limit.Limit { return limit.Limit{Every: 10 * s} })
		time.Sleep(5 * s)
		synctest.Wait()
		assert.Equal(t, 3, keyed.Len())
		time.Sleep(5 * s)
		synctest.Wait()
		assert.Equal(t, 2, keyed.Len())
	})
}

// If there is no limit for one of the keys in use, none of them has another one.
func TestSetLimitsThatPanics(t *testing.T) {
	for name, bad := range map[string]func() limit.Limit{
		"panics":  func() limit.Limit { panic("no limit") },
		"invalid": func() limit.Limit { return limit.Limit{AtOnce: -1} },
	} {
		t.Run(name, func(t *testing.T) {
			keyed := limit.NewKeyed(func(int) limit.Limit { return limit.Limit{AtOnce: 1} })
			for key := range 10 {
				require.True(t, keyed.For(key).TryAcquire(1))
			}
			calls := 0
			assert.Panics(t, func() {
				keyed.SetLimits(func(int) limit.Limit {
					if calls++; calls == 6 {
						return bad()
					}
					return limit.Limit{AtOnce: 2}
				})
			})
			for key := range 11 {
				assert.Equal(t, key == 10, keyed.For(key).TryAcquire(1), "key %d", key)
				assert.False(t, keyed.For(key).TryAcquire(1), "key %d", key)
			}
		})
	}
}

// A key that comes into use while the limits change has the new one.
func TestKeyThatComesIntoUseInSetLimits(t *testing.T) {
	keyed := limit.NewKeyed(func(int) limit.Limit { return limit.Limit{AtOnce: 1} })
	require.True(t, keyed.For(0).TryAcquire(1))
	keyed.SetLimits(func(key int) limit.Limit {
		if key == 0 {
			require.True(t, keyed.For(1).TryAcquire(1))
		}
		return limit.Limit{AtOnce: 2}
	})
	for key := range 2 {
		assert.True(t, keyed.For(key).TryAcquire(1))
		assert.False(t, keyed.For(key).TryAcquire(1))
	}
}

// A key is in use as long as anybody waits, however much all of them want.
func TestWeightsThatOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, each := range []int64{math.MaxInt64, math.MaxInt64/2 + 1} {
			keyed := limit.NewKeyed(func(string) limit.Limit { return limit.Limit{AtOnce: 1} })
			gate := keyed.For("a")
			require.NoError(t, gate.Acquire(t.Context(), each))
			ctx, cancel := context.WithCancel(t.Context())
			var waiting sync.WaitGroup
			for range 4 {
				waiting.Go(func() { assert.ErrorIs(t, gate.Acquire(ctx, each), context.Canceled) })
			}
			synctest.Wait()
			assert.Equal(t, 1, keyed.Len())
			cancel()
			waiting.Wait()
			assert.Equal(t, 1, keyed.Len(), "it is held")
			gate.Release(each)
			assert.Zero(t, keyed.Len(), "nobody uses it")
		}
	})
}

// A function of the caller's may do anything, so it is not called under a lock.
func TestLimitsMayUseTheKeyed(t *testing.T) {
	var keyed *limit.Keyed[int]
	keyed = limit.NewKeyed(func(key int) limit.Limit { return limit.Limit{AtOnce: int64(keyed.Len() + 1)} })
	require.True(t, keyed.For(1).TryAcquire(1))
	require.False(t, keyed.For(1).TryAcquire(1))
}

// One limiter is shared by several calls of gather, a Group, and a retry.
func TestSharedByCalls(t *testing.T) {
	l := limit.New(limit.Limit{AtOnce: 3})
	var running, most atomic.Int64
	job := func(ctx context.Context, n int) (int, error) {
		now := running.Add(1)
		defer running.Add(-1)
		for {
			old := most.Load()
			if now <= old || most.CompareAndSwap(old, now) {
				break
			}
		}
		runtime.Gosched()
		if rand.IntN(5) == 0 {
			return 0, errBroken
		}
		return n, nil
	}
	items := make([]int, 50)
	err := task.Group(t.Context(), func(ctx context.Context) error {
		for range 3 {
			task.Go(ctx, func(ctx context.Context) (int, error) {
				_, err := gather.Map(ctx, items, limit.Func(l, job),
					gather.Retry(20, gather.Constant(0), func(error) bool { return true }))
				return 0, err
			})
		}
		for range 20 {
			task.Go(ctx, limit.Task(l, func(ctx context.Context) (int, error) {
				_, _ = job(ctx, 0)
				return 0, nil
			}))
		}
		return nil
	})
	require.NoError(t, err)
	assert.LessOrEqual(t, most.Load(), int64(3))
	assert.Zero(t, l.Held())
}

// A Limiter is a rate of package gather.
func TestGatherRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(limit.Limit{Every: s})
		start := time.Now()
		err := gather.Each(t.Context(), make([]int, 5), func(context.Context, int) error { return nil }, gather.Rate(l))
		require.NoError(t, err)
		assert.Equal(t, 4*s, time.Since(start))
	})
}

// TestKeyedStorm has goroutines use random keys while the limits change, and
// checks each key's limit, and that all keys are forgotten in the end.
func TestKeyedStorm(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	each := 1000
	if testing.Short() {
		each = 200
	}
	const most = 3
	keyed := limit.NewKeyed(func(key string) limit.Limit { return limit.Limit{AtOnce: most} })
	var held [20]atomic.Int64
	var wg sync.WaitGroup
	for n := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, n))
		wg.Go(func() {
			for range each {
				key := r.IntN(len(held))
				g := keyed.For(strconv.Itoa(key))
				switch r.IntN(50) {
				case 0:
					every := time.Duration(r.IntN(200)) * time.Microsecond
					keyed.SetLimits(func(key string) limit.Limit {
						return limit.Limit{AtOnce: most - int64(len(key)%2), Every: every * time.Duration(len(key)-1), Burst: 10}
					})
					continue
				case 1, 2, 3:
					if !g.TryAcquire(1) {
						continue
					}
				default:
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(500))*time.Microsecond)
					err := g.Acquire(ctx, 1)
					cancel()
					if err != nil {
						continue
					}
				}
				if now := held[key].Add(1); now > most {
					t.Errorf("%d of key %d are held", now, key)
				}
				held[key].Add(-1)
				g.Release(1)
			}
		})
	}
	wg.Wait()
	require.Eventually(t, func() bool { return keyed.Len() == 0 }, time.Minute, time.Millisecond, "all keys are forgotten")
}
