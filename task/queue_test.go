package task_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

func TestLimitOfAGroup(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var running, most, done atomic.Int32
		took := elapsed()
		err := task.Group(ctx, func(ctx context.Context) error {
			for range 10 {
				task.Start(ctx, func(ctx context.Context) error {
					most.Store(max(most.Load(), running.Add(1)))
					err := task.Sleep(ctx, time.Second)
					running.Add(-1)
					done.Add(1)
					return err
				})
			}
			assert.Zero(t, took(), "Go does not block")
			synctest.Wait()
			states := task.Snapshot().States
			assert.Equal(t, 7, states[task.Queued])
			queued := 0
			for _, info := range task.Snapshot().Tasks {
				if info.State == task.Queued {
					queued++
				}
			}
			assert.Equal(t, 7, queued)
			return nil
		}, task.Limit(3))
		require.NoError(t, err)
		assert.EqualValues(t, 3, most.Load())
		assert.EqualValues(t, 10, done.Load())
		assert.Equal(t, 4*time.Second, took())
		assert.Zero(t, task.Snapshot().States[task.Queued])
	})
}

// In a crawler, each page waits for the pages below it, and there are two places.
func TestLimitOfRecursiveWork(t *testing.T) {
	for _, nested := range []bool{false, true} {
		inBubble(t, func(t *testing.T, ctx context.Context) {
			var at, most, pages atomic.Int32
			var visit func(depth int) func(ctx context.Context) error
			visit = func(depth int) func(ctx context.Context) error {
				return func(ctx context.Context) error {
					pages.Add(1)
					now := at.Add(1)
					most.Store(max(most.Load(), now))
					_ = task.Sleep(ctx, time.Second)
					at.Add(-1)
					if depth == 0 {
						return nil
					}
					if nested && depth == 2 {
						return task.Group(ctx, func(ctx context.Context) error {
							for range 3 {
								task.Start(ctx, visit(depth-1))
							}
							return nil
						}, task.Limit(1))
					}
					var below []*task.Task[none]
					for range 3 {
						below = append(below, task.Start(ctx, visit(depth-1)))
					}
					for _, b := range below[:2] {
						if _, err := b.Await(ctx); err != nil {
							return err
						}
					}
					_, _, err := task.Wait(ctx, task.AllCompleted, below...)
					return err
				}
			}
			err := task.Group(ctx, func(ctx context.Context) error { task.Start(ctx, visit(3)); return nil }, task.Limit(2))
			require.NoError(t, err)
			assert.EqualValues(t, 40, pages.Load())
			if !nested {
				assert.EqualValues(t, 2, most.Load())
			}
		})
	}
}

func TestQueuedTaskThatIsCancelledNeverRuns(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		took := elapsed()
		ran := false
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Hour) })
			queued := task.Start(ctx, func(context.Context) error { ran = true; return nil })
			assert.Equal(t, task.Queued, queued.State())
			queued.Cancel(errMine)
			_, err := queued.Await(ctx)
			assert.ErrorIs(t, err, errMine)
			assert.Equal(t, task.Canceled, queued.State())
			assert.Zero(t, took(), "it does not wait for its turn")
			for range 100 {
				task.Start(ctx, func(context.Context) error { ran = true; return nil })
			}
			return errZero
		}, task.Limit(1))
		onlyErrors(t, err, 1, errZero)
		assert.False(t, ran)
		assert.Zero(t, took())
	})
}

// A task that cannot get its place back before its ctx ends goes on without it.
func TestPlaceThatDoesNotComeBack(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Start(ctx, func(ctx context.Context) error {
				quick := task.Start(ctx, func(context.Context) error { return nil })
				task.Start(ctx, func(context.Context) error { time.Sleep(time.Hour); return nil })
				limited, stop := context.WithTimeout(ctx, time.Minute)
				defer stop()
				took := elapsed()
				_, err := quick.Await(limited)
				assert.Equal(t, time.Minute, took())
				return err
			})
			return nil
		}, task.Limit(1))
		require.NoError(t, err)
	})
}

func BenchmarkGroupWithALimit(b *testing.B) {
	for _, limit := range []int{0, 8} {
		b.Run(map[int]string{0: "none", 8: "8"}[limit], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = task.Group(context.Background(), func(ctx context.Context) error {
					for range 100 {
						task.Go(ctx, one)
					}
					return nil
				}, task.Limit(limit))
			}
		})
	}
}

// Whatever ends the ctx of a task that waits for its turn ends the wait.
func TestQueuedTaskHearsTheEndOfItsCtx(t *testing.T) {
	for _, test := range []struct {
		reason string
		start  func(ctx context.Context) (*task.Task[struct{}], func())
		is     error
	}{
		{"its own limit", func(ctx context.Context) (*task.Task[struct{}], func()) {
			return task.Start(ctx, nothing, task.Timeout(time.Second)), func() {}
		}, context.DeadlineExceeded},
		{"a ctx derived from the Group's", func(ctx context.Context) (*task.Task[struct{}], func()) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			return task.Start(ctx, nothing), cancel
		}, context.DeadlineExceeded},
		{"a cancellation of one", func(ctx context.Context) (*task.Task[struct{}], func()) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return task.Start(ctx, nothing), cancel
		}, context.Canceled},
	} {
		t.Run(test.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_ = task.Group(t.Context(), func(ctx context.Context) error {
					holder := task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Hour) })
					queued, done := test.start(ctx)
					defer done()
					require.Equal(t, task.Queued, queued.State())
					_, err := queued.Await(t.Context())
					require.ErrorIs(t, err, test.is)
					assert.Equal(t, time.Second, time.Since(began))
					holder.Cancel(nil)
					return nil
				}, task.Limit(1), task.FailFast(false))
			})
		})
	}
}

// The same when the Group is limited, or is cancelled from outside.
func TestQueuedTasksEndWithTheirGroupsCtx(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := task.Group(ctx, func(ctx context.Context) error {
			for range 5 {
				task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Hour) })
			}
			return nil
		}, task.Limit(1))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func nothing(context.Context) error { return nil }

// A queued task that is cancelled takes a place for the moment that it needs to end,
// and returns just this one.
func TestCancelledInTheQueueLeavesTheLimitAsItIs(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var now, most atomic.Int32
		job := func(ctx context.Context) (int, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			return 1, task.Sleep(ctx, time.Second)
		}
		took := elapsed()
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, job)
			for range 3 {
				task.Go(ctx, job).Cancel(errMine)
			}
			for range 4 {
				task.Go(ctx, job)
			}
			return nil
		}, task.Limit(1))
		require.NoError(t, err)
		assert.EqualValues(t, 1, most.Load())
		assert.Equal(t, 5*time.Second, took())
	})
}

// A task that is cancelled before it is queued does not wait for its turn to end.
func TestQueuedByACancelledTask(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, after(time.Minute, 1))
			task.Go(ctx, func(ctx context.Context) (int, error) {
				task.Current().Cancel(errMine)
				took := elapsed()
				child := task.Go(ctx, func(context.Context) (int, error) { t.Error("it runs"); return 0, nil })
				<-child.Done() // without lending the place
				assert.Zero(t, took())
				assert.Equal(t, task.Canceled, child.State())
				return 0, ctx.Err()
			})
			return nil
		}, task.Limit(2))
		require.NoError(t, err)
	})
}

// A task that is cancelled while it waits to get its place back goes on without it, and
// the place goes to another task.
func TestCancelledWhileItsPlaceIsTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		took := elapsed()
		err := task.Group(ctx, func(ctx context.Context) error {
			lender := task.Go(ctx, func(ctx context.Context) (int, error) {
				var m task.Members
				done := make(chan none)
				task.Go(context.WithoutCancel(ctx), func(ctx context.Context) (int, error) {
					time.Sleep(time.Second)
					close(done) // and it keeps the place
					return after(time.Minute, 1)(ctx)
				}, task.MemberOf(&m))
				return 0, m.Until(ctx, done)
			})
			time.Sleep(10 * time.Second)
			assert.Equal(t, task.Waiting, lender.State())
			lender.Cancel(errMine)
			<-lender.Done()
			assert.Equal(t, 10*time.Second, took())
			time.Sleep(time.Minute)
			_, err := task.Go(ctx, after(time.Second, 1)).Await(ctx)
			return err
		}, task.Limit(1))
		require.NoError(t, err)
		assert.Equal(t, 71*time.Second, took())
	})
}
