package gather_test

import (
	"context"
	"runtime"
	"runtime/pprof"
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

// errgroup's own tests run against Group too: see .ci/errgroup-suite. The tests here
// cover what those leave out.

func TestGroupInheritsAtGo(t *testing.T) {
	defer jobVar.Set("before").Reset()
	var g gather.Group
	see := func(want string) func() error {
		return func() error {
			assert.Equal(t, want, jobVar.Get())
			jobVar.Set("job")
			return nil
		}
	}
	g.Go(see("before"))
	jobVar.Set("between")
	g.Go(see("between"))
	require.NoError(t, g.Wait())
	assert.Equal(t, "between", jobVar.Get())
}

func TestGroupPanic(t *testing.T) {
	g, ctx := gather.WithContext(t.Context())
	g.Go(func() error {
		_, err := explode(errBoom)
		return err
	})
	g.Go(func() error {
		<-ctx.Done()
		return ctx.Err()
	})
	err := g.Wait()
	var panicked *task.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Contains(t, string(panicked.Stack), "gather_test.explode")
	assert.ErrorIs(t, err, errBoom)
	assert.Equal(t, err, context.Cause(ctx))
}

func TestGroupGoexit(t *testing.T) {
	g, ctx := gather.WithContext(t.Context())
	g.SetLimit(1)
	for range 10 {
		g.Go(func() error { runtime.Goexit(); return nil })
	}
	assert.Equal(t, task.ErrGoexit, g.Wait())
	assert.Equal(t, task.ErrGoexit, context.Cause(ctx))
}

func TestGroupReturnsTheErrorAsItIs(t *testing.T) {
	var g gather.Group
	g.Go(func() error { return errBoom })
	assert.True(t, g.Wait() == errBoom)

	outer, cancel := context.WithCancelCause(t.Context())
	withContext, ctx := gather.WithContext(outer)
	withContext.Go(func() error { <-ctx.Done(); return ctx.Err() })
	cancel(errBoom)
	assert.True(t, withContext.Wait() == context.Canceled, "without the caller's cause, as errgroup does")
}

func TestGroupLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gather.Group
		var m meter
		g.SetLimit(3)
		start := time.Now()
		for range 9 {
			g.Go(func() error {
				m.in()
				defer m.out()
				time.Sleep(time.Second)
				return nil
			})
		}
		assert.False(t, g.TryGo(func() error { return errBoom }))
		require.NoError(t, g.Wait())
		assert.Equal(t, 3, m.top)
		assert.Equal(t, 3*time.Second, time.Since(start))

		g.SetLimit(-1)
		assert.True(t, g.TryGo(func() error { return nil }))
		require.NoError(t, g.Wait())
		g.SetLimit(0)
		assert.False(t, g.TryGo(func() error { return nil }))
	})
}

func TestGroupUsage(t *testing.T) {
	var g gather.Group
	var r gather.GroupOf[int]
	assert.EqualError(t, usageError(t, func() { g.Go(nil) }), "gather.Group.Go: nil function; pass the function that the jobs are to run")
	assert.EqualError(t, usageError(t, func() { g.TryGo(nil) }), "gather.Group.TryGo: nil function; pass the function that the jobs are to run")
	assert.EqualError(t, usageError(t, func() { r.Go(nil) }), "gather.GroupOf.Go: nil function; pass the function that the jobs are to run")
	assert.EqualError(t, usageError(t, func() { r.TryGo(nil) }), "gather.GroupOf.TryGo: nil function; pass the function that the jobs are to run")

	g.SetLimit(1)
	release := make(chan struct{})
	g.Go(func() error { <-release; return nil })
	assert.EqualError(t, usageError(t, func() { g.SetLimit(2) }),
		"gather.Group.SetLimit: modify limit while 1 goroutines in the group are still active; set it before they start, or after Wait")
	close(release)
	require.NoError(t, g.Wait())
}

// A context of a group keeps the variables in a pprof.Do, like any context of ours.
func TestGroupContextAndProfilerLabels(t *testing.T) {
	defer jobVar.Set("caller").Reset()
	g, ctx := gather.WithContext(t.Context())
	g.Go(func() error {
		pprof.Do(ctx, pprof.Labels("k", "v"), func(ctx context.Context) {
			v, _ := pprof.Label(ctx, "k")
			assert.Equal(t, "v", v)
			assert.Equal(t, "caller", jobVar.Get())
			jobVar.Set("inside")
		})
		assert.Equal(t, "inside", jobVar.Get())
		return nil
	})
	require.NoError(t, g.Wait())
}

func TestGroupOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gather.GroupOf[string]
		for i := range 10 {
			g.Go(func() (string, error) {
				time.Sleep(time.Duration(10-i) * time.Second)
				if i == 7 {
					return "dropped", errBoom
				}
				return strconv.Itoa(i), nil
			})
		}
		got, err := g.Wait()
		assert.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "", "8", "9"}, got)
		assert.EqualError(t, err, "gather: job 7: boom")
	})
}

func TestGroupOfWithContext(t *testing.T) {
	g, ctx := gather.GroupOfWithContext[int](t.Context())
	g.Go(func() (int, error) { return explode(errBoom) })
	g.Go(func() (int, error) {
		<-ctx.Done()
		return 1, nil
	})
	got, err := g.Wait()
	assert.Equal(t, []int{0, 1}, got)
	var job *gather.JobError
	require.ErrorAs(t, err, &job)
	assert.Equal(t, 0, job.Index)
	assert.ErrorIs(t, err, errBoom)
	assert.Equal(t, err, context.Cause(ctx))
}

func TestGroupOfTryGo(t *testing.T) {
	var g gather.GroupOf[int]
	g.SetLimit(2)
	var started, refused atomic.Int64
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 100 {
				if g.TryGo(func() (int, error) { return 1, nil }) {
					started.Add(1)
				} else {
					refused.Add(1)
				}
			}
		})
	}
	callers.Wait()
	got, err := g.Wait()
	require.NoError(t, err)
	assert.Len(t, got, int(started.Load()), "a place for each that was started, and for no other")
	assert.NotContains(t, got, 0)
	assert.EqualValues(t, 800, started.Load()+refused.Load())
}

func TestGroupOfWithoutJobs(t *testing.T) {
	var g gather.GroupOf[int]
	got, err := g.Wait()
	require.NoError(t, err)
	assert.Empty(t, got)
}

func TestGroupPolicies(t *testing.T) {
	fail := func(i int) func() error {
		return func() error {
			if i%2 == 0 {
				return errBoom
			}
			return nil
		}
	}
	for _, tc := range []struct {
		name, reason string
		policy       gather.Policy
		want         string
		cancelled    bool
	}{
		{"FailFast", "it is what a Group does without a policy", gather.FailFast, "boom", true},
		{"StopAfter(2)", "the second failure cancels", gather.StopAfter(2), "gather: 2 jobs failed: job 0: boom; job 2: boom", true},
		{"StopAfter(9)", "there are not as many", gather.StopAfter(9), "gather: 3 jobs failed: job 0: boom; job 2: boom; job 4: boom", false},
		{"CollectAll", "nothing cancels", gather.CollectAll, "gather: 3 jobs failed: job 0: boom; job 2: boom; job 4: boom", false},
	} {
		require.NotEmpty(t, tc.reason)
		t.Run(tc.name, func(t *testing.T) {
			g, ctx := gather.WithContext(t.Context())
			g.SetPolicy(tc.policy)
			g.SetLimit(1) // one after the other
			for i := range 6 {
				g.Go(fail(i))
			}
			g.Go(func() error {
				assert.Equal(t, tc.cancelled, ctx.Err() != nil, tc.reason)
				return nil
			})
			assert.EqualError(t, g.Wait(), tc.want, tc.reason)
			assert.ErrorIs(t, ctx.Err(), context.Canceled, "Wait cancels in any case")
		})
		t.Run(tc.name+" of results", func(t *testing.T) {
			var g gather.GroupOf[int]
			g.SetPolicy(tc.policy)
			g.SetLimit(1)
			for i := range 6 {
				g.Go(func() (int, error) { return 10 * i, fail(i)() })
			}
			got, err := g.Wait()
			assert.Equal(t, []int{0, 10, 0, 30, 0, 50}, got)
			if tc.policy == gather.FailFast {
				tc.want = "gather: job 0: boom"
			}
			assert.EqualError(t, err, tc.want, tc.reason)
		})
	}
}

func TestGroupPolicyUsage(t *testing.T) {
	var g gather.Group
	assert.EqualError(t, usageError(t, func() { g.SetPolicy(-2) }), "gather.Group.SetPolicy: unknown policy -2; pass FailFast, CollectAll or StopAfter(n)")
	g.Go(func() error { return nil })
	assert.EqualError(t, usageError(t, func() { g.SetPolicy(gather.CollectAll) }),
		"gather.Group.SetPolicy: functions were given to the group already; set the policy before the first")
	require.NoError(t, g.Wait())
}
