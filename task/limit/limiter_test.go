package limit_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task/limit"
)

var errBroken = errors.New("broken")

const s = time.Second

// acquire makes n goroutines acquire weight, in order. It returns when each of them got
// it, in a slice that is complete when all have.
func acquire(t *testing.T, l limit.Gate, n int, weight int64) (when *[]time.Duration, wg *sync.WaitGroup) {
	t.Helper()
	start := time.Now()
	when, wg = new([]time.Duration), new(sync.WaitGroup)
	var mu sync.Mutex
	for range n {
		wg.Go(func() {
			assert.NoError(t, l.Acquire(t.Context(), weight))
			mu.Lock()
			defer mu.Unlock()
			*when = append(*when, time.Since(start))
		})
		synctest.Wait() // so that they come in order
	}
	return when, wg
}

func TestAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(limit.Limit{AtOnce: 3})
		_, wg := acquire(t, l, 5, 1)
		assert.EqualValues(t, 3, l.Held())
		assert.Equal(t, 2, l.Waiting())
		assert.False(t, l.TryAcquire(1))
		l.Release(1)
		synctest.Wait()
		assert.Equal(t, 1, l.Waiting())
		l.Release(2)
		synctest.Wait()
		assert.Zero(t, l.Waiting())
		assert.EqualValues(t, 2, l.Held())
		wg.Wait()
		assert.True(t, l.TryAcquire(1))
		l.Release(3)
		assert.Zero(t, l.Held())
	})
}

// Calls are served in the order in which they come, whatever their weights.
func TestFairness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(limit.Limit{AtOnce: 4})
		require.True(t, l.TryAcquire(3))
		var mu sync.Mutex
		var order []int64
		var wg sync.WaitGroup
		for _, weight := range []int64{2, 1, 4, 9, 1} {
			wg.Go(func() {
				assert.NoError(t, l.Acquire(t.Context(), weight))
				mu.Lock()
				order = append(order, weight)
				mu.Unlock()
				time.Sleep(s)
				l.Release(weight)
			})
			synctest.Wait()
		}
		assert.Empty(t, order, "the light one does not overtake the heavy one, though there is room")
		assert.False(t, l.TryAcquire(1), "nor does one that would not wait")
		l.Release(3)
		wg.Wait()
		assert.ElementsMatch(t, []int64{2, 1}, order[:2], "these two fit together")
		assert.Equal(t, []int64{4, 9, 1}, order[2:], "what is heavier than the limit is alone")
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(limit.Limit{AtOnce: 2, Every: s, Burst: 2})
		require.NoError(t, l.Acquire(t.Context(), 2))
		ctx, cancel := context.WithCancelCause(t.Context())
		left := make(chan error, 1)
		go func() { left <- l.Acquire(ctx, 2) }()
		synctest.Wait()
		when, wg := acquire(t, l, 2, 1)
		l.Release(1)
		synctest.Wait()
		assert.Equal(t, 3, l.Waiting(), "the heavy one is in front")
		cancel(errBroken)
		err := <-left
		require.ErrorIs(t, err, errBroken)
		require.ErrorIs(t, err, context.Canceled)
		synctest.Wait()
		assert.Equal(t, 1, l.Waiting(), "the next one fits")
		l.Release(1)
		wg.Wait()
		assert.Equal(t, []time.Duration{0, s}, *when, "and what gave up took no beginning")
		l.Release(2)

		require.ErrorIs(t, l.Acquire(ctx, 1), errBroken, "ended before, even if there is room")
		assert.Zero(t, l.Held())
	})
}

func TestSetLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(limit.Limit{AtOnce: 1})
		_, wg := acquire(t, l, 6, 1)
		l.SetLimit(limit.Limit{AtOnce: 4})
		synctest.Wait()
		assert.EqualValues(t, 4, l.Held(), "a larger limit lets in at once")
		l.SetLimit(limit.Limit{AtOnce: 2})
		assert.Equal(t, limit.Limit{AtOnce: 2}, l.Limit())
		l.Release(2)
		synctest.Wait()
		assert.EqualValues(t, 2, l.Held(), "a smaller one takes nothing away")
		assert.Equal(t, 2, l.Waiting())
		l.SetLimit(limit.Limit{})
		wg.Wait()
		assert.EqualValues(t, 4, l.Held())
		l.Release(4)
	})
}

func TestZeroLimiter(t *testing.T) {
	var l limit.Limiter
	for range 100 {
		require.NoError(t, l.Acquire(t.Context(), math.MaxInt64/1000))
	}
	l.SetLimit(limit.Limit{AtOnce: 1})
	assert.False(t, l.TryAcquire(1))
}

// Without a limit, so much may be held as can be counted.
func TestWeightsThatWouldOverflow(t *testing.T) {
	var l limit.Limiter
	require.True(t, l.TryAcquire(math.MaxInt64))
	assert.False(t, l.TryAcquire(1))
	l.Release(math.MaxInt64)
	assert.Zero(t, l.Held())
}

func nothing(context.Context) (int, error) { return 0, nil }

func TestMisuse(t *testing.T) {
	l := limit.New(limit.Limit{AtOnce: 1})
	keyed := limit.NewKeyed(func(key string) limit.Limit { return limit.Limit{AtOnce: int64(len(key)) - 1} })
	for name, call := range map[string]func(){
		"negative limit":     func() { limit.New(limit.Limit{AtOnce: -1}) },
		"negative rate":      func() { l.SetLimit(limit.Limit{Every: -1}) },
		"negative burst":     func() { limit.New(limit.Limit{Burst: -1}) },
		"no weight":          func() { _ = l.Acquire(t.Context(), 0) },
		"negative weight":    func() { l.TryAcquire(-1) },
		"release of nothing": func() { l.Release(1) },
		"nil gate to do":     func() { _, _ = limit.Do(t.Context(), nil, nothing) },
		"nil gate of a task": func() { limit.Task(nil, nothing) },
		"nil gate of a func": func() { limit.Func(nil, func(context.Context, int) (int, error) { return 0, nil }) },
		"nil in a chain":     func() { limit.Chain(l, nil) },
		"nil limits":         func() { limit.NewKeyed[string](nil) },
		"set nil limits":     func() { keyed.SetLimits(nil) },
		"limits of no sense": func() { keyed.For("").TryAcquire(1) },
		"key of no use":      func() { limit.NewKeyed(func(float64) limit.Limit { return limit.Limit{} }).For(math.NaN()) },
		"release of no key":  func() { keyed.For("unused").Release(1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				var ue *limit.UsageError
				err, _ := recover().(error)
				require.ErrorAs(t, err, &ue)
				assert.NotEmpty(t, ue.Problem)
			}()
			call()
		})
	}
	assert.Zero(t, l.Held())
	assert.Zero(t, keyed.Len(), "a key whose limit makes no sense is not kept")
	assert.True(t, l.TryAcquire(1), "and the lock is free")
}

// TestStorm makes goroutines acquire, try, give up and release while the limit changes.
// It checks that the sum of what is held is never above the largest limit in that time,
// that all goroutines end, and that nothing is held and nobody waits afterwards.
func TestStorm(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	each := 1000
	if testing.Short() {
		each = 200
	}
	const most = 8
	l := limit.New(limit.Limit{AtOnce: most})
	var held, gaveUp atomic.Int64
	var wg sync.WaitGroup
	over := make(chan struct{})
	for n := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, n))
		wg.Go(func() {
			for range each {
				weight := r.Int64N(4) + 1
				switch r.IntN(4) {
				case 0:
					if !l.TryAcquire(weight) {
						continue
					}
				case 1:
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(100))*time.Microsecond)
					err := l.Acquire(ctx, weight)
					cancel()
					if err != nil {
						gaveUp.Add(1)
						continue
					}
				default:
					assert.NoError(t, l.Acquire(context.Background(), weight))
				}
				if now := held.Add(weight); now > most {
					t.Errorf("%d is held", now)
				}
				if r.IntN(4) == 0 {
					runtime.Gosched()
				}
				held.Add(-weight)
				for part := r.Int64N(weight); part > 0; part-- {
					l.Release(1)
					weight--
				}
				l.Release(weight)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := rand.New(rand.NewPCG(seed, 99))
		for {
			select {
			case <-over:
				return
			default:
				l.SetLimit(limit.Limit{
					AtOnce: r.Int64N(most) + 1,
					Every:  time.Duration(r.IntN(3)) * time.Microsecond,
					Burst:  r.IntN(5),
				})
				time.Sleep(50 * time.Microsecond)
			}
		}
	}()
	wg.Wait()
	close(over)
	<-done
	assert.Zero(t, l.Held())
	assert.Zero(t, l.Waiting())
	t.Logf("%d gave up", gaveUp.Load())
}
