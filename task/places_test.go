package task_test

import (
	"context"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A Group within a task that fails, or that somebody in it cancels, is no reason for the
// task to go on beside the one that has its place.
func TestPlaceIsTakenBackAfterAGroupThatCancelledItself(t *testing.T) {
	for name, child := range map[string]func(ctx context.Context) error{
		"a failure": func(context.Context) error { return errMine },
		"CancelScope": func(ctx context.Context) error {
			task.CancelScope(ctx, errMine)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				now, most := 0, 0
				took := elapsed()
				err := task.Group(ctx, func(ctx context.Context) error {
					for range 10 {
						task.Start(ctx, func(ctx context.Context) error {
							inner := task.Group(ctx, func(ctx context.Context) error {
								task.Start(ctx, func(ctx context.Context) error {
									time.Sleep(time.Second)
									return child(ctx)
								})
								return nil
							})
							assert.ErrorIs(t, inner, errMine)
							now++ // one at a time
							most = max(most, now)
							time.Sleep(time.Second)
							now--
							return nil
						})
					}
					return nil
				}, task.Limit(1))
				require.NoError(t, err)
				assert.Equal(t, 1, most)
				assert.Equal(t, 11*time.Second, took())
			})
		})
	}
}

// A limit of the Group within a task limits the wait for the place as well.
func TestPlaceIsNotAwaitedAfterTheTimeoutOfAGroup(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		took := elapsed()
		err := task.Group(ctx, func(ctx context.Context) error {
			lender := task.Go(ctx, func(ctx context.Context) (time.Duration, error) {
				err := task.Group(ctx, func(ctx context.Context) error {
					task.Go(ctx, after(time.Hour, 1))
					return nil
				}, task.Timeout(time.Second))
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				return took(), nil
			})
			task.Go(ctx, after(time.Minute, 1))
			at, err := lender.Await(ctx)
			assert.Equal(t, time.Second, at)
			return err
		}, task.Limit(1))
		require.NoError(t, err)
	})
}

// A task that is cancelled after a Run in it has ended goes on without its place.
func TestCancelledAfterARunWhileItsPlaceIsTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		took := elapsed()
		err := task.Group(ctx, func(ctx context.Context) error {
			lender := task.Go(ctx, func(ctx context.Context) (int, error) {
				return task.Run(ctx, after(time.Second, 1))
			})
			task.Go(context.WithoutCancel(ctx), after(time.Minute, 1))
			time.Sleep(10 * time.Second)
			assert.Equal(t, task.Waiting, lender.State())
			lender.Cancel(errMine)
			<-lender.Done()
			assert.Equal(t, 10*time.Second, took())
			return nil
		}, task.Limit(1))
		require.NoError(t, err)
	})
}

// A queued task has the labels of the goroutine that started it, whichever goroutine gives it its place.
func TestQueuedTaskHasTheLabelsOfItsMaker(t *testing.T) {
	profile := make(chan string, 1)
	pprof.Do(t.Context(), pprof.Labels("who", "maker"), func(ctx context.Context) {
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Start(ctx, func(context.Context) error {
				pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("who", "holder")))
				return nil
			})
			task.Start(ctx, func(context.Context) error {
				var b strings.Builder
				defer func() { profile <- b.String() }()
				return pprof.Lookup("goroutine").WriteTo(&b, 1)
			})
			return nil
		}, task.Limit(1))
		require.NoError(t, err)
	})
	for _, goroutine := range strings.Split(<-profile, "\n\n") {
		if strings.Contains(goroutine, "WriteTo") {
			assert.Contains(t, goroutine, `"who":"maker"`)
			return
		}
	}
	assert.Fail(t, "the task is not in the profile")
}

type large [1 << 16]byte

func makeLarge(context.Context) (v large, err error) { return v, nil }

// collected returns how many of the tasks are garbage, as soon as enough are.
func collected(tasks []weak.Pointer[task.Task[large]], enough int) (n int) {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		runtime.GC()
		n = 0
		for _, w := range tasks {
			if w.Value() == nil {
				n++
			}
		}
		if n >= enough {
			break
		}
	}
	return n
}

// Tasks that were cancelled in a queue do not stay there until the queue moves.
func TestCancelledInTheQueueIsForgotten(t *testing.T) {
	release := make(chan none)
	err := task.Group(t.Context(), func(ctx context.Context) error {
		task.Go(ctx, func(context.Context) (int, error) { <-release; return 1, nil })
		var dropped []weak.Pointer[task.Task[large]]
		ran := 0
		for i := range 100 {
			if i%30 == 0 {
				task.Start(ctx, func(context.Context) error { ran++; return nil }) // one at a time
			}
			queued := task.Go(ctx, makeLarge)
			queued.Cancel(nil)
			<-queued.Done()
			dropped = append(dropped, weak.Make(queued))
		}
		assert.GreaterOrEqual(t, collected(dropped, 80), 80)
		close(release)
		_, err := task.Go(ctx, one).Await(ctx)
		assert.Equal(t, 4, ran)
		return err
	}, task.Limit(1))
	require.NoError(t, err)
}

// A task that goes on after a wait keeps nothing of what it waited for.
func TestWaitThatIsOverKeepsNothing(t *testing.T) {
	for name, wait := range map[string]func(ctx context.Context, tasks ...*task.Task[large]){
		"Await": func(ctx context.Context, tasks ...*task.Task[large]) {
			for _, t := range tasks {
				_, _ = t.Await(ctx)
			}
		},
		"Wait": func(ctx context.Context, tasks ...*task.Task[large]) {
			_, _, _ = task.Wait(ctx, task.AllCompleted, tasks...)
		},
		"AsCompleted": func(ctx context.Context, tasks ...*task.Task[large]) {
			for range task.AsCompleted(ctx, tasks...) {
				break
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
				started := func() (weaks []weak.Pointer[task.Task[large]]) {
					release := make(chan none)
					var tasks []*task.Task[large]
					for range 2 {
						tasks = append(tasks, task.Go(ctx, func(ctx context.Context) (large, error) {
							<-release
							return makeLarge(ctx)
						}))
						weaks = append(weaks, weak.Make(tasks[len(tasks)-1]))
					}
					time.AfterFunc(10*time.Millisecond, func() { close(release) })
					wait(ctx, tasks...)
					return weaks
				}()
				assert.Equal(t, 2, collected(started, 2))
				return none{}, nil
			})
			require.NoError(t, err)
		})
	}
}
