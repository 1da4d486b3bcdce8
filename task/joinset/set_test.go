package joinset_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/joinset"
)

var errBroken = errors.New("broken")

// after returns a function that takes d and returns v.
func after[T any](d time.Duration, v T) task.Func[T] {
	return func(ctx context.Context) (T, error) { return v, task.Sleep(ctx, d) }
}

func TestResultsComeAsTasksEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := joinset.New[int](t.Context())
		for _, n := range []int{3, 1, 2} {
			set.Go(after(time.Duration(n)*time.Second, n))
		}
		assert.Equal(t, 3, set.Len())
		var got []int
		start := time.Now()
		for v, err := range set.Results(t.Context()) {
			require.NoError(t, err)
			assert.Equal(t, time.Duration(v)*time.Second, time.Since(start))
			got = append(got, v)
		}
		assert.Equal(t, []int{1, 2, 3}, got)
		assert.Zero(t, set.Len())
		for range set.Results(t.Context()) {
			t.Error("a result twice")
		}
	})
}

// A crawler: each result may start more tasks.
func TestSetGrowsInTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := joinset.New[int](t.Context())
		set.Go(after(time.Second, 1))
		sum, n := 0, 0
		for v, err := range set.Results(t.Context()) {
			require.NoError(t, err)
			sum, n = sum+v, n+1
			if v < 64 {
				set.Go(after(time.Second, 2*v))
				set.Go(after(time.Second, 2*v))
			}
		}
		assert.Equal(t, 127, n)
		assert.Equal(t, 5461, sum, "1 + 2·2 + 4·4 + …")
	})
}

func TestHowTasksEnd(t *testing.T) {
	tests := []struct {
		name, reason string
		fn           task.Func[int]
		check        func(t *testing.T, v int, err error)
	}{
		{"value", "the commonest end", func(context.Context) (int, error) { return 7, nil }, func(t *testing.T, v int, err error) {
			require.NoError(t, err)
			assert.Equal(t, 7, v)
		}},
		{"value and error", "what the function returns comes as it is", func(context.Context) (int, error) { return 7, errBroken }, func(t *testing.T, v int, err error) {
			require.ErrorIs(t, err, errBroken)
			assert.Equal(t, 7, v)
		}},
		{"panic", "a panic is an error with an owner", func(context.Context) (int, error) { panic(errBroken) }, func(t *testing.T, _ int, err error) {
			var pe *task.PanicError
			require.ErrorAs(t, err, &pe)
			assert.ErrorIs(t, err, errBroken)
		}},
		{"goexit", "a Goexit would leave the loop waiting for ever", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }, func(t *testing.T, _ int, err error) {
			require.ErrorIs(t, err, task.ErrGoexit)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			err := task.Group(t.Context(), func(ctx context.Context) error {
				set := joinset.New[int](ctx)
				started := set.Go(tt.fn)
				n := 0
				for got, err := range set.Tasks(ctx) {
					n++
					assert.Same(t, started, got)
					v, again := got.Result()
					assert.Equal(t, err, again)
					tt.check(t, v, err)
				}
				assert.Equal(t, 1, n)
				return nil
			}, task.Unobserved(func(_ task.Info, err error) { t.Errorf("reported too: %v", err) }))
			require.NoError(t, err, "the failure is the loop's and not the Group's")
		})
	}
}

func TestBreakAndGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := joinset.New[int](t.Context())
		for n := range 10 {
			set.Go(after(time.Duration(n)*time.Second, n))
		}
		var got []int
		for v := range set.Results(t.Context()) {
			got = append(got, v)
			if v == 3 {
				break
			}
		}
		assert.Panics(t, func() {
			for v := range set.Results(t.Context()) {
				got = append(got, v)
				panic("in the body")
			}
		})
		time.Sleep(time.Hour) // all end without a loop
		assert.Equal(t, 5, set.Len())
		for v := range set.Results(t.Context()) {
			got = append(got, v)
		}
		assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, got)
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := joinset.New[int](t.Context())
		done := set.Go(after(0, 1))
		synctest.Wait()
		for range 3 {
			set.Go(after(time.Hour, 2))
		}
		set.Cancel(errBroken)
		set.Go(after(time.Second, 3))
		start := time.Now()
		var values []int
		cancelled := 0
		for v, err := range set.Results(t.Context()) {
			if errors.Is(err, errBroken) {
				cancelled++
				continue
			}
			require.NoError(t, err)
			values = append(values, v)
		}
		assert.Equal(t, 3, cancelled)
		assert.Equal(t, []int{1, 3}, values, "those that had ended, and those that were started after, are not touched")
		assert.Equal(t, task.Succeeded, done.State())
		assert.Equal(t, time.Second, time.Since(start))
	})
}

// One task is cancelled by its handle, which leaves the others alone.
func TestCancelOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := joinset.New[int](t.Context())
		one := set.Go(after(time.Hour, 1))
		set.Go(after(time.Second, 2))
		one.Cancel(errBroken)
		var values []int
		for tk, err := range set.Tasks(t.Context()) {
			if tk == one {
				require.ErrorIs(t, err, errBroken)
				assert.Equal(t, task.Canceled, tk.State())
				continue
			}
			require.NoError(t, err)
			v, _ := tk.Result()
			values = append(values, v)
		}
		assert.Equal(t, []int{2}, values)
		assert.Equal(t, task.Canceled, one.State())
	})
}

func TestLoopIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := joinset.New[int](t.Context())
		set.Go(after(0, 1))
		set.Go(after(time.Hour, 2))
		synctest.Wait()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBroken)
		defer cancel()
		var values []int
		var last error
		for tk, err := range set.Tasks(ctx) {
			require.NoError(t, last, "it is the last")
			if last = err; err == nil {
				v, _ := tk.Result()
				values = append(values, v)
			} else {
				assert.Nil(t, tk)
			}
		}
		assert.Equal(t, []int{1}, values, "what was there comes first")
		var te *task.Error
		require.ErrorAs(t, last, &te)
		require.ErrorIs(t, last, context.DeadlineExceeded)
		require.ErrorIs(t, last, errBroken)
		for v, err := range set.Results(ctx) { // ended before it begins
			require.ErrorIs(t, err, errBroken)
			assert.Zero(t, v)
		}
		for v, err := range set.Results(t.Context()) {
			require.NoError(t, err, "the task was left alone")
			assert.Equal(t, 2, v)
		}
	})
}

// Two loops share the results, and both end when there are none left.
func TestSeveralLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := joinset.New[int](t.Context())
		for n := range 100 {
			set.Go(after(time.Duration(n)*time.Second, n))
		}
		var mu sync.Mutex
		var got []int
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for v := range set.Results(t.Context()) {
					mu.Lock()
					got = append(got, v)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		slices.Sort(got)
		require.Len(t, got, 100)
		for n, v := range got {
			require.Equal(t, n, v)
		}
	})
}

func TestScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var set *joinset.Set[int]
		err := task.Group(ctx, func(ctx context.Context) error {
			set = joinset.New[int](ctx)
			set.Go(after(time.Hour, 1))
			cancel(errBroken)
			return nil
		})
		require.ErrorIs(t, err, errBroken)
		set.Go(after(0, 2))
		var errs []error
		for _, err := range set.Results(t.Context()) {
			errs = append(errs, err)
		}
		require.Len(t, errs, 2, "the refused task has a result too")
		require.ErrorIs(t, errs[0], errBroken)
		require.ErrorIs(t, errs[1], task.ErrEnded)
	})
}

func TestResultsNobodyTookAreReported(t *testing.T) {
	var reported []error
	_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
		set := joinset.New[int](ctx)
		set.Go(func(context.Context) (int, error) { return 0, errBroken })
		_, err := set.Go(func(context.Context) (int, error) { return 1, nil }).Await(ctx)
		return 0, err
	}, task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) }))
	require.NoError(t, err)
	assert.Equal(t, []error{errBroken}, reported)
}

// Tasks that range over their own set share the results of the others, and do not wait
// for themselves or for each other.
func TestLoopsInTasksOfTheSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for loops := range 4 {
			set := joinset.New[int](t.Context())
			for n := range 3 {
				set.Go(after(time.Duration(n+1)*time.Second, 0))
			}
			for range loops {
				set.Go(func(ctx context.Context) (int, error) {
					n := 0
					for v, err := range set.Results(ctx) {
						if err != nil {
							return n, err
						}
						n += 1 + v // the result of another loop
					}
					return n, nil
				})
			}
			synctest.Wait()
			time.Sleep(time.Minute)
			n := 0
			for v, err := range set.Results(t.Context()) {
				require.NoError(t, err)
				n += 1 + v
			}
			assert.Equal(t, 3+loops, n, "each result was counted once")
		}
	})
}

func TestVariables(t *testing.T) {
	user := ctxvar.New("user", ctxvar.Default("nobody"))
	set := joinset.New[string](t.Context())
	defer user.Set("alice").Reset()
	set.Go(func(context.Context) (string, error) {
		got := user.Get()
		user.Set("mallory")
		return got, nil
	})
	for got, err := range set.Results(t.Context()) {
		require.NoError(t, err)
		assert.Equal(t, "alice", got)
	}
	assert.Equal(t, "alice", user.Get())
}

func TestMisuse(t *testing.T) {
	//lint:ignore SA1012 that is the misuse
	assert.Panics(t, func() { joinset.New[int](nil) })
	set := joinset.New[int](t.Context())
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { set.Go(nil) })
	assert.Panics(t, func() { set.Go(func(context.Context) (int, error) { return 0, nil }, nil) }, "a nil option")
	assert.Zero(t, set.Len(), "what was not started is not waited for")
	assert.Zero(t, set.Len())
}
