package joinset_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/joinset"
)

// rangeOver takes all results. It returns their number and the error of the loop
// itself.
func rangeOver(ctx context.Context, set *joinset.Set[int]) (n int, err error) {
	for t, loopErr := range set.Tasks(ctx) {
		if t == nil {
			return n, loopErr
		}
		n++
	}
	return n, nil
}

// A member of the set waits for the task that ranges over the set, in several ways and
// in either order.
func TestLoopInACycle(t *testing.T) {
	waits := map[string]func(ctx context.Context, loop *task.Task[int]) (int, error){
		"Await": func(ctx context.Context, loop *task.Task[int]) (int, error) { return loop.Await(ctx) },
		"Wait for the first": func(ctx context.Context, loop *task.Task[int]) (int, error) {
			_, _, err := task.Wait(ctx, task.FirstCompleted, loop)
			return 0, err
		},
		"Group": func(ctx context.Context, loop *task.Task[int]) (int, error) {
			return 0, task.Group(ctx, func(ctx context.Context) error { task.Go(ctx, loop.Await); return nil })
		},
		"through a loop": func(ctx context.Context, loop *task.Task[int]) (int, error) {
			inner := joinset.New[int](ctx)
			inner.Go(loop.Await)
			for _, err := range inner.Results(ctx) {
				return 0, err
			}
			return 0, nil
		},
	}
	for name, wait := range waits {
		for _, delays := range [][2]time.Duration{{0, time.Second}, {time.Second, 0}, {0, 0}} {
			t.Run(fmt.Sprint(name, " ", delays), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ready := make(chan struct{})
					var loop *task.Task[int]
					set := joinset.New[int](t.Context())
					for range 20 {
						set.Go(after(time.Millisecond, 1))
					}
					for range 2 {
						set.Go(func(ctx context.Context) (int, error) {
							<-ready
							time.Sleep(delays[0])
							return wait(ctx, loop)
						}, task.Name("member"))
					}
					loop = task.Go(t.Context(), func(ctx context.Context) (int, error) {
						time.Sleep(delays[1])
						var errs []error
						for _, err := range set.Results(ctx) {
							errs = append(errs, err)
						}
						return len(errs), errors.Join(errs...)
					}, task.Name("loop"))
					close(ready)
					start := time.Now()
					_, err := loop.Await(t.Context())
					assert.LessOrEqual(t, time.Since(start), 2*time.Second)
					set.Cancel(nil) // those that the loop left
					told := errors.Is(err, task.ErrDeadlock)
					for _, err := range set.Results(t.Context()) {
						told = told || errors.Is(err, task.ErrDeadlock)
					}
					assert.True(t, told)
				})
			})
		}
	}
}

// The loop gets an error if it closes the cycle, and can go on.
func TestLoopThatClosesACycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ready := make(chan struct{})
		var loop *task.Task[int]
		set := joinset.New[int](t.Context())
		for _, name := range []string{"a", "b"} {
			set.Go(func(ctx context.Context) (int, error) { <-ready; return loop.Await(ctx) }, task.Name(name))
		}
		loop = task.Go(t.Context(), func(ctx context.Context) (int, error) {
			time.Sleep(time.Second)
			n, err := rangeOver(ctx, set)
			var te *task.Error
			require.ErrorAs(t, err, &te)
			require.ErrorIs(t, err, task.ErrDeadlock)
			assert.Equal(t, "2 tasks", te.Task)
			assert.Regexp(t, `"loop" waits for "[ab]", "[ab]" waits for "loop"`, err.Error())
			assert.Zero(t, n)
			set.Go(after(time.Second, 1))
			n, err = rangeOver(ctx, set)
			assert.Equal(t, 1, n, "what can end comes first")
			require.ErrorIs(t, err, task.ErrDeadlock)
			return 7, nil
		}, task.Name("loop"))
		close(ready)
		v, err := loop.Await(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 7, v)
		n, err := rangeOver(t.Context(), set)
		require.NoError(t, err)
		assert.Equal(t, 2, n, "the loop left them alone")
	})
}

// As long as one task of the set can end, those that wait for the loop get no error.
func TestLoopThatGoesOnIsInNoCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loop *task.Task[int]
		ready := make(chan struct{})
		set := joinset.New[int](t.Context())
		set.Go(after(time.Minute, 1))
		for range 3 {
			set.Go(func(ctx context.Context) (int, error) { <-ready; time.Sleep(time.Second); return loop.Await(ctx) })
		}
		loop = task.Go(t.Context(), func(ctx context.Context) (int, error) {
			for v, err := range set.Results(ctx) {
				return v + 1, err
			}
			return 0, nil
		})
		close(ready)
		v, err := loop.Await(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 2, v)
		for v, err := range set.Results(t.Context()) {
			require.NoError(t, err)
			assert.Equal(t, 2, v)
		}
	})
}

// A wait of a loop with a nearer deadline ends by itself.
func TestLoopWithADeadlineIsInNoCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loop *task.Task[int]
		ready := make(chan struct{})
		set := joinset.New[int](t.Context())
		set.Go(func(ctx context.Context) (int, error) { <-ready; return loop.Await(ctx) })
		loop = task.Go(t.Context(), func(ctx context.Context) (int, error) {
			limited, stop := context.WithTimeout(ctx, time.Minute)
			defer stop()
			_, err := rangeOver(limited, set)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, task.ErrDeadlock)
			return 7, nil
		})
		close(ready)
		for v, err := range set.Results(t.Context()) {
			require.NoError(t, err)
			assert.Equal(t, 7, v)
		}
	})
}

// A loop in a task of a Group with a Limit lends its place to the tasks of the set.
func TestLoopLendsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var most, now atomic.Int32
		err := task.Group(t.Context(), func(ctx context.Context) error {
			task.Go(ctx, func(context.Context) (int, error) {
				set := joinset.New[int](ctx) // its tasks are the Group's
				for range 100 {
					set.Go(func(ctx context.Context) (int, error) {
						most.Store(max(most.Load(), now.Add(1)))
						defer now.Add(-1)
						return 1, task.Sleep(ctx, time.Second)
					})
				}
				now.Add(1)
				defer now.Add(-1)
				sum := 0
				for v, err := range set.Results(ctx) {
					now.Add(-1)
					require.NoError(t, err)
					sum += v
					now.Add(1)
				}
				assert.Equal(t, 100, sum)
				return sum, nil
			})
			return nil
		}, task.Limit(1))
		require.NoError(t, err)
	})
}

// A task may range over its own set before the call of Go that starts it has
// returned: it is one of the set, and not waited for.
func TestLoopInATaskThatGoHasNotReturned(t *testing.T) {
	for range 3000 {
		set := joinset.New[int](t.Context())
		for range 4 {
			set.Go(func(ctx context.Context) (int, error) { return rangeOver(ctx, set) })
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		_, err := rangeOver(ctx, set)
		stop()
		require.NoError(t, err)
	}
}

// The tree says what a loop waits for.
func TestLoopInTheTree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := joinset.New[int](t.Context())
		ids := []uint64{set.Go(after(time.Minute, 1)).ID(), set.Go(after(time.Minute, 1)).ID()}
		set.Go(after(time.Second, 1))
		loop := task.Go(t.Context(), func(ctx context.Context) (int, error) { return rangeOver(ctx, set) })
		time.Sleep(2 * time.Second)
		for _, info := range task.Snapshot().Tasks {
			if info.ID == loop.ID() {
				assert.Equal(t, task.Waiting, info.State)
				assert.ElementsMatch(t, ids, info.WaitsFor)
				assert.False(t, info.Deadlock)
			}
		}
		n, err := loop.Await(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 3, n)
	})
}
