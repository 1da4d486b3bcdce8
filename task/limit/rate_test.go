package limit_test

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task/limit"
)

func TestRate(t *testing.T) {
	tests := []struct {
		name, reason string
		limit        limit.Limit
		n            int
		want         []time.Duration
	}{
		{"one by one", "without a burst each waits for the one before", limit.Limit{Every: s}, 4, []time.Duration{0, s, 2 * s, 3 * s}},
		{"burst", "a burst is spent at once, and then the rate holds", limit.Limit{Every: s, Burst: 3}, 5, []time.Duration{0, 0, 0, s, 2 * s}},
		{"no rate", "without one a burst means nothing", limit.Limit{Burst: 1}, 3, []time.Duration{0, 0, 0}},
		{"endless burst", "a burst that would overflow is no limit", limit.Limit{Every: math.MaxInt64, Burst: math.MaxInt}, 3, []time.Duration{0, 0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			synctest.Test(t, func(t *testing.T) {
				l := limit.New(tt.limit)
				when, wg := acquire(t, l, tt.n, 1)
				wg.Wait()
				assert.Equal(t, tt.want, *when)
			})
		})
	}
}

func TestRateRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(limit.Limit{Every: s, Burst: 2})
		for range 2 {
			require.True(t, l.TryAcquire(1))
			require.True(t, l.TryAcquire(1))
			require.False(t, l.TryAcquire(1))
			time.Sleep(time.Hour) // no more than a burst is saved up
		}
		require.NoError(t, l.Wait(t.Context()))
		require.NoError(t, l.Wait(t.Context()))
		start := time.Now()
		require.NoError(t, l.Wait(t.Context()))
		assert.Equal(t, s, time.Since(start))
		assert.EqualValues(t, 4, l.Held(), "Wait holds nothing")
	})
}

// Both limits of a Limiter apply: a call waits for a place that comes free late, and
// for its turn in the rate.
func TestBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(limit.Limit{AtOnce: 1, Every: s})
		start := time.Now()
		var when []time.Duration
		var wg sync.WaitGroup
		for _, lasts := range []time.Duration{0, 5 * s, s / 2, s / 2} {
			wg.Go(func() {
				assert.NoError(t, l.Acquire(t.Context(), 1))
				when = append(when, time.Since(start))
				time.Sleep(lasts)
				l.Release(1)
			})
			synctest.Wait()
		}
		wg.Wait()
		assert.Equal(t, []time.Duration{0, s, 6 * s, 7 * s}, when)
	})
}

// A call that waits for the rate and gives up also stops the timer.
func TestCancelWhileTheRateIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(limit.Limit{Every: time.Hour})
		require.NoError(t, l.Acquire(t.Context(), 1))
		ctx, cancel := context.WithTimeout(t.Context(), s)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, l.Acquire(ctx, 1), context.DeadlineExceeded)
		assert.Equal(t, s, time.Since(start))
		require.NoError(t, l.Acquire(t.Context(), 1))
		assert.Equal(t, time.Hour, time.Since(start))
	})
}

func TestSetLimitOfARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(limit.Limit{Every: time.Hour})
		require.True(t, l.TryAcquire(1))
		when, wg := acquire(t, l, 3, 1)
		l.SetLimit(limit.Limit{Every: s})
		wg.Wait()
		assert.Equal(t, []time.Duration{s, 2 * s, 3 * s}, *when, "those who wait wait less")
		l.SetLimit(limit.Limit{Every: 10 * s})
		start := time.Now()
		require.NoError(t, l.Wait(t.Context()))
		assert.Equal(t, 10*s, time.Since(start), "the last beginning still counts")
		l.SetLimit(limit.Limit{Every: 10 * s, Burst: 5})
		assert.True(t, l.TryAcquire(1))
	})
}

// The times of the rarest beginnings and of the largest bursts do not overflow.
func TestRareBeginnings(t *testing.T) {
	for _, rare := range []limit.Limit{
		{Every: math.MaxInt64},
		{Every: math.MaxInt64, Burst: 2},
		{Every: math.MaxInt64, Burst: 10},
		{Every: math.MaxInt64 / 2, Burst: 4},
		{Every: time.Hour, Burst: 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := limit.New(rare)
			for range max(rare.Burst, 1) {
				assert.True(t, l.TryAcquire(1))
			}
			for range 3 {
				assert.False(t, l.TryAcquire(1), "%+v", rare)
				time.Sleep(time.Minute)
			}
			for _, other := range []limit.Limit{rare, {Every: s}, {Every: math.MaxInt64}} {
				l.SetLimit(other)
				assert.False(t, l.TryAcquire(1), "%+v after %+v", other, rare)
			}
		})
	}
	l := limit.New(limit.Limit{Every: 1, Burst: math.MaxInt})
	for range 100 {
		assert.True(t, l.TryAcquire(1))
	}
}

// TestRateModel makes random calls wait for a random rate. It checks that no more of
// them begin than a burst and the rate allow, and that none waits longer than
// necessary.
func TestRateModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for n := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, n))
		synctest.Test(t, func(t *testing.T) {
			lim := limit.Limit{Every: time.Duration(r.IntN(1000)+1) * time.Millisecond, Burst: r.IntN(6)}
			l := limit.New(lim)
			burst := max(lim.Burst, 1)
			start := time.Now()
			var when, asked []time.Duration
			for range 60 {
				time.Sleep(time.Duration(r.IntN(3)) * lim.Every / time.Duration(r.IntN(3)+1))
				asked = append(asked, time.Since(start))
				require.NoError(t, l.Wait(t.Context()))
				when = append(when, time.Since(start))
			}
			for i, at := range when {
				earliest := asked[i]
				// The definition of a token bucket: from any earlier beginning to this one,
				// there are at most as many as a burst and what the rate added in that time.
				for j := range i {
					if extra := i - j + 1 - burst; extra > 0 {
						earliest = max(earliest, when[j]+time.Duration(extra)*lim.Every)
					}
				}
				require.Equal(t, earliest, at, "beginning %d of limit %+v", i, lim)
			}
		})
	}
}

// SetLimits also changes for how long a key that nobody uses is remembered.
func TestSetLimitsOfKeysThatRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keyed := limit.NewKeyed(func(int) limit.Limit { return limit.Limit{Every: time.Hour} })
		for key := range 3 {
			require.NoError(t, keyed.For(key).Acquire(t.Context(), 1))
		}
		keyed.For(0).Release(1)
		keyed.For(1).Release(1)
		require.Equal(t, 3, keyed.Len())
		keyed.SetLimits(func(key int) limit.Limit { return limit.Limit{Every: time.Duration(key) * s} })
		assert.Equal(t, 2, keyed.Len(), "the first has no rate any more")
		time.Sleep(s)
		synctest.Wait()
		assert.Equal(t, 1, keyed.Len(), "the last is in use")
		keyed.For(2).Release(1)
		time.Sleep(2 * s)
		synctest.Wait()
		assert.Zero(t, keyed.Len())
	})
}
