package gather_test

import (
	"context"
	"errors"
	"fmt"
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
)

// upTo returns 0, 1, ... n-1.
func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func TestMapGivesResultsInOrder(t *testing.T) {
	for _, limit := range []int{1, 3, 100, 1000} {
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := gather.Map(t.Context(), upTo(100), func(ctx context.Context, i int) (string, error) {
					return strconv.Itoa(i), pause(ctx, time.Duration(100-i)*time.Second)
				}, gather.Limit(limit))
				require.NoError(t, err)
				for i, v := range got {
					assert.Equal(t, strconv.Itoa(i), v)
				}
			})
		})
	}
}

func TestMapOfNothing(t *testing.T) {
	for _, items := range [][]int{nil, {}} {
		got, err := gather.Map(t.Context(), items, func(context.Context, int) (string, error) { return "", nil })
		require.NoError(t, err)
		assert.Equal(t, []string{}, got)
	}
}

func TestMapCallsFunctionsWithCall(t *testing.T) {
	fns := []task.Func[int]{
		func(context.Context) (int, error) { return 1, nil },
		func(context.Context) (int, error) { return 2, nil },
	}
	got, err := gather.Map(t.Context(), fns, gather.Call, gather.Limit(1))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2}, got)

	plain := []func(context.Context) (int, error){fns[0], fns[1]}
	got, err = gather.Map(t.Context(), plain, gather.Call, gather.Limit(1))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2}, got)
}

func TestEach(t *testing.T) {
	var sum atomic.Int64
	err := gather.Each(t.Context(), upTo(100), func(_ context.Context, i int) error {
		sum.Add(int64(i))
		return nil
	})
	require.NoError(t, err)
	assert.EqualValues(t, 4950, sum.Load())

	err = gather.Each(t.Context(), upTo(3), func(_ context.Context, i int) error {
		if i == 1 {
			return errBoom
		}
		return nil
	})
	assert.EqualError(t, err, "gather: job 1: boom")
}

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

// However the jobs of a limited call are spread over goroutines, one that is
// ready never waits behind one that is slow.
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

func TestCollectAll(t *testing.T) {
	got, err := gather.Map(t.Context(), upTo(5), func(_ context.Context, i int) (int, error) {
		switch i {
		case 1:
			return 0, errBoom
		case 3:
			return explode("p")
		}
		return 10 * i, nil
	}, gather.OnError(gather.CollectAll))
	assert.Equal(t, []int{0, 0, 20, 0, 40}, got, "the results of the others are there")
	var errs gather.Errors
	require.ErrorAs(t, err, &errs)
	require.Len(t, errs, 2)
	assert.Equal(t, &gather.JobError{Index: 1, Err: errBoom}, errs[0])
	assert.Equal(t, 3, errs[1].Index)
	var panicked *task.PanicError
	assert.ErrorAs(t, err, &panicked)
	assert.ErrorIs(t, err, errBoom)
	assert.Regexp(t, `^gather: 2 jobs failed: job 1: boom; job 3: .*panic: p`, err.Error())
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

func TestCollectAllAndCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		got, err := gather.Map(ctx, upTo(10), func(_ context.Context, i int) (int, error) {
			if i == 2 {
				cancel(errQuit)
				return 0, errBoom
			}
			return i + 1, nil
		}, gather.OnError(gather.CollectAll), gather.Limit(1))
		assert.Equal(t, []int{1, 2, 0, 0, 0, 0, 0, 0, 0, 0}, got)
		var errs gather.Errors
		require.ErrorAs(t, err, &errs)
		assert.Len(t, errs, 1)
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, gather.ErrNotStarted)
		assert.ErrorIs(t, err, errQuit)
		assert.EqualError(t, err, "gather: 1 job failed: job 2: boom; gather: not started: 7 of 10 jobs: shutting down")
	})
}

func TestStopAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := gather.Map(t.Context(), upTo(10), func(ctx context.Context, i int) (int, error) {
			// Those with high numbers fail first.
			if err := pause(ctx, time.Duration(10-i)*time.Second); err != nil {
				return 0, err
			}
			return 0, fmt.Errorf("failure of %d", i)
		}, gather.OnError(gather.StopAfter(3)))
		assert.Equal(t, 3*time.Second, time.Since(start))
		var errs gather.Errors
		require.ErrorAs(t, err, &errs)
		assert.NotErrorIs(t, err, context.Canceled, "what was cancelled for it has not failed")
		assert.EqualError(t, err, "gather: 3 jobs failed: job 7: failure of 7; job 8: failure of 8; job 9: failure of 9")
	})
}

func TestStopAfterIsNotReached(t *testing.T) {
	_, err := gather.Map(t.Context(), upTo(10), func(_ context.Context, i int) (int, error) {
		if i == 4 {
			return 0, errBoom
		}
		return i, nil
	}, gather.OnError(gather.StopAfter(2)))
	assert.EqualError(t, err, "gather: 1 job failed: job 4: boom")
}

func TestErrorsTextIsBounded(t *testing.T) {
	err := gather.Each(t.Context(), upTo(1000), func(context.Context, int) error { return errBoom },
		gather.OnError(gather.CollectAll))
	assert.Contains(t, err.Error(), "gather: 1000 jobs failed: job 0: boom; ")
	assert.Contains(t, err.Error(), "job 9: boom; and 990 more")
	assert.NotContains(t, err.Error(), "job 10:")
}

func TestName(t *testing.T) {
	name := gather.Name(func(s string) string { return "<" + s + ">" })
	items := []string{"a", "b"}
	fail := func(context.Context, string) error { return errBoom }

	err := gather.Each(t.Context(), items, fail, name, gather.Limit(1))
	assert.EqualError(t, err, "gather: job 0 (<a>): boom")

	err = gather.Each(t.Context(), items, fail, name, gather.OnError(gather.CollectAll))
	assert.EqualError(t, err, "gather: 2 jobs failed: job 0 (<a>): boom; job 1 (<b>): boom")
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := gather.Map(t.Context(), upTo(4), func(ctx context.Context, i int) (int, error) {
			switch i {
			case 0:
				return 0, pause(ctx, 3*time.Second)
			case 1:
				<-ctx.Done()
				return 0, errCrash
			case 2:
				time.Sleep(3 * time.Second) // does not heed it
				return 2, nil
			}
			return 3, pause(ctx, time.Second)
		}, gather.Timeout(2*time.Second), gather.OnError(gather.CollectAll))
		var errs gather.Errors
		require.ErrorAs(t, err, &errs)
		require.Len(t, errs, 2)
		assert.EqualError(t, errs[0], "gather: job 0: timed out after 2s")
		assert.EqualError(t, errs[1], "gather: job 1: timed out after 2s: crash")
		assert.ErrorIs(t, errs[1], errCrash)
		for _, err := range errs {
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			var timeout *task.TimeoutError
			require.ErrorAs(t, err, &timeout)
			assert.Equal(t, 2*time.Second, timeout.After)
			assert.True(t, timeout.Timeout())
		}
	})
}

// A job that returns the cause of its context says no more than the limit does.
func TestTimeoutReturnedAsTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := gather.Each(t.Context(), upTo(1), func(ctx context.Context, i int) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, gather.Timeout(time.Minute))
		assert.EqualError(t, err, "gather: job 0: timed out after 1m0s")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestTimeoutOfTheCallerIsNotTheJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := gather.Each(ctx, upTo(1), func(ctx context.Context, i int) error {
			return pause(ctx, time.Hour)
		}, gather.Timeout(time.Minute))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		var timeout *task.TimeoutError
		assert.NotErrorAs(t, err, &timeout)
	})
}

func TestTimeoutCountsFromTheStartOfAJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := gather.Each(t.Context(), upTo(10), func(ctx context.Context, i int) error {
			return pause(ctx, time.Second)
		}, gather.Timeout(2*time.Second), gather.Limit(1))
		require.NoError(t, err)
	})
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

// A ticker lets one through every so often, the first at once.
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

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer jobVar.Set("caller").Reset()
		var calls []gather.Counts // no lock: the calls come one at a time
		err := gather.Each(t.Context(), upTo(100), func(ctx context.Context, i int) error {
			jobVar.Set("job")
			return nil
		}, gather.Progress(func(c gather.Counts) {
			assert.Equal(t, "caller", jobVar.Get())
			calls = append(calls, c)
			time.Sleep(time.Millisecond) // the others wait, and time goes on
		}))
		require.NoError(t, err)
		require.Len(t, calls, 100)
		for i, c := range calls {
			assert.Equal(t, gather.Counts{Done: i + 1, Total: 100}, c)
		}
	})
}

func TestProgressCountsFailures(t *testing.T) {
	var last gather.Counts
	err := gather.Each(t.Context(), upTo(10), func(_ context.Context, i int) error {
		if i%5 == 0 {
			return errBoom
		}
		return nil
	}, gather.OnError(gather.CollectAll), gather.Progress(func(c gather.Counts) { last = c }))
	assert.ErrorIs(t, err, errBoom)
	assert.Equal(t, gather.Counts{Done: 10, Failed: 2, Total: 10}, last)
}

func TestPanicInProgress(t *testing.T) {
	calls := 0
	defer func() {
		var panicked *task.PanicError
		err, _ := recover().(error)
		require.ErrorAs(t, err, &panicked)
		assert.Equal(t, errBoom, panicked.Value)
		assert.Equal(t, 1, calls)
	}()
	_, _ = gather.Map(t.Context(), upTo(10), func(_ context.Context, i int) (int, error) {
		return i, nil
	}, gather.Limit(1), gather.Progress(func(gather.Counts) {
		calls++
		panic(errBoom)
	}))
	assert.Fail(t, "returned")
}

// As t.FailNow in it does.
func TestGoexitInProgress(t *testing.T) {
	returned := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = gather.Each(t.Context(), upTo(10), func(context.Context, int) error { return nil },
			gather.Progress(func(gather.Counts) { runtime.Goexit() }))
		returned = true
	}()
	<-done
	assert.False(t, returned)
}

func TestMapUsage(t *testing.T) {
	job := func(context.Context, int) (int, error) { return 0, nil }
	for _, tc := range []struct {
		want string
		call func()
	}{
		{"gather.Map: nil function; pass the function that the jobs are to run", func() {
			_, _ = gather.Map[int, int](t.Context(), nil, nil)
		}},
		{"gather.Each: nil function; pass the function that the jobs are to run", func() {
			_ = gather.Each[int](t.Context(), nil, nil)
		}},
		{"gather.Limit: limit -1; at least 1 job must be able to run", func() { gather.Limit(-1) }},
		{"gather.Limit: limit 0; at least 1 job must be able to run", func() { gather.Limit(0) }},
		{"gather.Buffer: size -1; it must not be negative", func() { gather.Buffer(-1) }},
		{"gather.StopAfter: after 0 failures; it must be at least 1, or CollectAll", func() { gather.StopAfter(0) }},
		{"gather.OnError: unknown policy -2; pass FailFast, CollectAll or StopAfter(n)", func() { gather.OnError(-2) }},
		{"gather.Rate: nil limiter; pass one, as rate.NewLimiter(rate.Every(time.Second), 1)", func() { gather.Rate(nil) }},
		{"gather.Weight: capacity 0; it must be positive", func() { gather.Weight(0, func(int) int64 { return 1 }) }},
		{"gather.Weight: nil function; pass one that weighs an item", func() { gather.Weight[int](1, nil) }},
		{"gather.Name: nil function; pass one that names an item", func() { gather.Name[int](nil) }},
		{"gather.Progress: nil function; pass one that shows the progress", func() { gather.Progress(nil) }},
		{"gather.Retry: 0 attempts; at least 1 is needed to run a job", func() {
			gather.Retry(0, gather.Constant(0), func(error) bool { return true })
		}},
		{"gather.Retry: nil Backoff; pass Constant(d) or Exponential(first, most)", func() {
			gather.Retry(1, nil, func(error) bool { return true })
		}},
		{"gather.Retry: nil function; pass one that says which errors are worth another attempt", func() {
			gather.Retry(1, gather.Constant(0), nil)
		}},
		{"gather.Exponential: first wait 0s and longest wait 1s; it must be 0 < first <= longest", func() {
			gather.Exponential(0, time.Second)
		}},
		{"gather.Map: the function given to Name is a func(string) string, but the items are of type int", func() {
			_, _ = gather.Map(t.Context(), upTo(1), job, gather.Name(func(s string) string { return s }))
		}},
		{"gather.Map: the function given to Weight is a func(int64) int64, but the items are of type int", func() {
			_, _ = gather.Map(t.Context(), upTo(1), job, gather.Weight(1, func(w int64) int64 { return w }))
		}},
	} {
		err := usageError(t, tc.call)
		if assert.NotNil(t, err, tc.want) {
			assert.EqualError(t, err, tc.want)
		}
	}
	assert.True(t, errors.Is(usageError(t, func() { _ = gather.Each[int](t.Context(), nil, nil) }), task.ErrNilFunc))
}
