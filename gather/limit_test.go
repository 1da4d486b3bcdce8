package gather_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
)

// A meter counts the jobs that run at once.
type meter struct {
	mu       sync.Mutex
	now, top int
}

func (m *meter) in() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now++
	m.top = max(m.top, m.now)
}

func (m *meter) out() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now--
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, extra := range [][]gather.Option{nil, {gather.Weight(1000, func(int) int64 { return 1 })}} {
			var m meter
			start := time.Now()
			var mu sync.Mutex
			var order []int
			err := gather.Each(t.Context(), upTo(20), func(ctx context.Context, i int) error {
				m.in()
				defer m.out()
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				return pause(ctx, time.Second)
			}, append(extra, gather.Limit(4))...)
			require.NoError(t, err)
			assert.Equal(t, 4, m.top)
			assert.Equal(t, 5*time.Second, time.Since(start))
			for n, i := range order {
				assert.Equal(t, n/4, i/4, "jobs start in order, four at a time")
			}
		}
	})
}

// However the jobs of a limited call are spread over goroutines, a job that is ready
// never waits behind a slow one.
func TestLimitKeepsWorkersBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := gather.Each(t.Context(), upTo(1001), func(ctx context.Context, i int) error {
			if i == 0 {
				return pause(ctx, time.Hour)
			}
			return pause(ctx, time.Second)
		}, gather.Limit(2))
		require.NoError(t, err)
		assert.Equal(t, time.Hour, time.Since(start), "the other worker had 1000 s of jobs to do meanwhile")
	})
}

func TestLimitSkipsWhatHasNotStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		got, err := gather.Map(t.Context(), upTo(100), func(ctx context.Context, i int) (int, error) {
			calls.Add(1)
			if i == 10 {
				time.Sleep(time.Millisecond)
				return 0, errBoom
			}
			return i, pause(ctx, time.Second)
		}, gather.Limit(5))
		assert.Nil(t, got)
		assert.EqualError(t, err, "gather: job 10: boom")
		assert.EqualValues(t, 15, calls.Load(), "10 to 14 were running")
	})
}

func TestCancelledWhileJobsWait(t *testing.T) {
	for name, opt := range map[string]gather.Option{
		"Limit":  gather.Limit(5),
		"Weight": gather.Weight(5, func(int) int64 { return 1 }),
		"Rate":   gather.Rate(&ticker{every: 200 * time.Millisecond}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(1500*time.Millisecond, func() { cancel(errQuit) })
				got, err := gather.Map(ctx, upTo(100), func(_ context.Context, i int) (int, error) {
					time.Sleep(time.Second) // does not look at its context
					return i, nil
				}, opt)
				assert.Nil(t, got)
				assert.ErrorIs(t, err, gather.ErrNotStarted)
				assert.ErrorIs(t, err, errQuit)
				assert.ErrorIs(t, err, context.Canceled)
				assert.Contains(t, err.Error(), "of 100 jobs: shutting down")
			})
		})
	}
}

// A goroutine that a panic passed through runs the next job.
func TestPanicsDoNotUseUpTheLimit(t *testing.T) {
	_, err := gather.Map(t.Context(), upTo(500), func(context.Context, int) (int, error) {
		return explode("p")
	}, gather.Limit(2), gather.OnError(gather.CollectAll))
	var errs gather.Errors
	require.ErrorAs(t, err, &errs)
	assert.Len(t, errs, 500)
}

func TestWeight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		weights := []int64{3, 1, 5, 0, 2, 2, 1, 4}
		start := time.Now()
		var mu sync.Mutex
		var now, top int64
		starts := make([]time.Duration, len(weights))
		err := gather.Each(t.Context(), upTo(len(weights)), func(ctx context.Context, i int) error {
			mu.Lock()
			starts[i] = time.Since(start) / time.Second
			now += weights[i]
			top = max(top, now)
			mu.Unlock()
			err := pause(ctx, time.Second)
			mu.Lock()
			now -= weights[i]
			mu.Unlock()
			return err
		}, gather.Weight(5, func(i int) int64 { return weights[i] }))
		require.NoError(t, err)
		assert.EqualValues(t, 5, top)
		assert.Equal(t, []time.Duration{0, 0, 1, 1, 2, 2, 2, 3}, starts, "the heavy one is not overtaken")
	})
}

func TestImpossibleWeights(t *testing.T) {
	var ran atomic.Int64
	err := gather.Each(t.Context(), []int64{1, 6, 2, -1}, func(_ context.Context, w int64) error {
		ran.Add(w)
		return nil
	}, gather.Weight(5, func(w int64) int64 { return w }), gather.OnError(gather.CollectAll), gather.Limit(1))
	assert.EqualError(t, err, "gather: 2 jobs failed: "+
		"job 1: weight 6: more than the capacity of 5, so it could never start; "+
		"job 3: weight -1: a weight must not be negative")
	var weight *gather.WeightError
	require.ErrorAs(t, err, &weight)
	assert.Equal(t, &gather.WeightError{Weight: 6, Capacity: 5}, weight)
	assert.EqualValues(t, 3, ran.Load())
}

// A ticker admits one call in each interval, the first at once.
type ticker struct {
	every time.Duration
	next  time.Time
	calls int
}

func (l *ticker) Wait(ctx context.Context) error {
	l.calls++
	now := time.Now()
	if l.next.Before(now) {
		l.next = now
	}
	wait := l.next.Sub(now)
	l.next = l.next.Add(l.every)
	return pause(ctx, wait)
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var mu sync.Mutex
		var starts []time.Duration
		l := &ticker{every: time.Second}
		err := gather.Each(t.Context(), upTo(5), func(ctx context.Context, i int) error {
			mu.Lock()
			starts = append(starts, time.Since(start))
			mu.Unlock()
			return pause(ctx, 10*time.Second)
		}, gather.Rate(l))
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second, 4 * time.Second}, starts)
		assert.Equal(t, 14*time.Second, time.Since(start))
	})
}

type refusing struct{ err error }

func (r refusing) Wait(context.Context) error { return r.err }

func TestRateRefuses(t *testing.T) {
	err := gather.Each(t.Context(), upTo(3), func(context.Context, int) error {
		assert.Fail(t, "started")
		return nil
	}, gather.Rate(refusing{errBoom}))
	assert.EqualError(t, err, "gather: job 0: boom")
}
