package task_test

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// A task that a timed-out Group does not accept is refused, even if its own ctx is not
// done.
func TestRefusedByAGroupThatRanOutOfTime(t *testing.T) {
	for name, start := range map[string]func(ctx context.Context) *task.Task[struct{}]{
		"shielded": func(ctx context.Context) *task.Task[struct{}] {
			return task.Start(ctx, func(context.Context) error { return nil }, task.Shielded())
		},
		"without cancel": func(ctx context.Context) *task.Task[struct{}] {
			return task.Start(context.WithoutCancel(ctx), func(context.Context) error { return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := task.Group(t.Context(), func(group context.Context) error {
					task.Start(group, func(ctx context.Context) error {
						<-ctx.Done() // the body has returned by then
						err := start(group).Err()
						var ce *task.CanceledError
						assert.ErrorAs(t, err, &ce)
						assert.ErrorIs(t, err, context.DeadlineExceeded)
						assert.NotErrorIs(t, err, context.Canceled)
						return nil
					})
					return nil
				}, task.Timeout(5*time.Millisecond))
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			})
		})
	}
}

// A body that fails with the time limit of something else with the Group's name has
// failed.
func TestLimitOfSomethingElseWithTheGroupsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := task.Go(t.Context(), func(ctx context.Context) (int, error) {
			return 0, task.Group(ctx, func(ctx context.Context) error {
				_, err := task.Within(ctx, time.Second, func(ctx context.Context) (int, error) {
					return 0, task.Sleep(ctx, time.Minute)
				})
				require.Error(t, err)
				return err
			}, task.Name("fetch"), task.Timeout(time.Hour))
		}, task.Name("fetch")).Await(t.Context())
		var ge *task.GroupError
		require.ErrorAs(t, err, &ge)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// The time that SetTimeout gives a Run ends it with a TimeoutError, as with a Group.
func TestSetTimeoutOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
			require.True(t, task.SetTimeout(ctx, time.Second))
			return 0, task.Sleep(ctx, time.Minute)
		})
		_, ok := err.(*task.TimeoutError)
		assert.True(t, ok, "%T %v", err, err)
	})
}

// A promise takes no place, because the task that completes it may be queued in the
// same Group.
func TestPromiseTakesNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := task.Group(t.Context(), func(ctx context.Context) error {
			p, complete := task.Promise[int](ctx)
			task.Start(ctx, func(context.Context) error { complete(7, nil); return nil })
			ctx, stop := context.WithTimeout(ctx, time.Second)
			defer stop()
			v, err := p.Await(ctx)
			assert.Equal(t, 7, v)
			return err
		}, task.Limit(1))
		assert.NoError(t, err)
	})
}

// A task that waits until a task of its Group is ready lends that task its place.
func TestServeLendsThePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := task.Group(t.Context(), func(ctx context.Context) error {
			task.Start(ctx, func(ctx context.Context) error {
				limited, stop := context.WithTimeout(ctx, time.Second)
				defer stop()
				v, _, err := task.Serve(limited, func(ctx context.Context, ready func(int)) error {
					ready(7)
					return nil
				})
				assert.Equal(t, 7, v)
				return err
			})
			return nil
		}, task.Limit(1))
		assert.NoError(t, err)
	})
}

// An observer that panics, or an Error method that does, keeps no other observer from
// being called.
func TestObserversHearWhateverOthersDo(t *testing.T) {
	var told atomic.Int32
	stop1 := task.OnFinished(func(task.Finished) { told.Add(1) })
	defer stop1()
	stop2 := task.OnFinished(func(task.Finished) { panic("observer") })
	defer stop2()
	stop3 := task.OnFinished(func(task.Finished) { told.Add(1) })
	defer stop3()
	_, err := task.Go(t.Context(), func(context.Context) (int, error) { var e *fs.PathError; return 0, e },
		task.Unobserved(func(task.Info, error) {})).Await(t.Context())
	require.Error(t, err)
	assert.Equal(t, int32(2), told.Load())
}

// An error can be printed safely, whatever is in it.
func TestTextOfErrorsWhoseErrorMethodPanics(t *testing.T) {
	var none *fs.PathError
	err := task.Group(t.Context(), func(context.Context) error { return none })
	assert.NotPanics(t, func() { _ = err.Error() })
	te := &task.TimeoutError{After: time.Second, Err: none}
	assert.NotPanics(t, func() { _ = te.Error() })
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(none)
	p, complete := task.Promise[int](t.Context())
	_, err = p.Await(ctx)
	assert.NotPanics(t, func() { _ = err.Error() })
	complete(1, nil)
	_, _ = p.Await(t.Context())
}

// exits is an error with an Is that calls Goexit.
type exits struct{}

func (exits) Error() string { return "exits" }
func (exits) Is(error) bool { runtime.Goexit(); return false }

// Goexit in a method of the body's error does not leave children behind.
func TestBodysErrorCallsGoexit(t *testing.T) {
	ended := make(chan bool, 1)
	var child *task.Task[struct{}]
	go func() {
		defer func() { ended <- child.State().Final() }()
		ctx, cancel := context.WithCancel(context.Background())
		_ = task.Group(ctx, func(ctx context.Context) error {
			child = task.Start(ctx, func(ctx context.Context) error {
				<-ctx.Done()
				for range 100 {
					runtime.Gosched()
				}
				return nil
			})
			cancel()
			return exits{}
		}, task.Unobserved(func(task.Info, error) {}))
	}()
	assert.True(t, <-ended)
}

// WaitFor's limit is not the error of a task that something else cancelled before.
func TestWaitForATaskCancelledByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("why")
		tk := task.Go(t.Context(), func(ctx context.Context) (int, error) {
			<-ctx.Done()
			time.Sleep(2 * time.Second)
			return 0, ctx.Err()
		})
		tk.Cancel(why)
		_, err := task.WaitFor(t.Context(), tk, time.Second)
		assert.ErrorIs(t, err, why)
	})
}

// A task that is refused has failed as well.
func TestOnFailureOfARefusedTask(t *testing.T) {
	var told error
	var kept context.Context
	_, _ = task.Run(t.Context(), func(ctx context.Context) (int, error) { kept = ctx; return 0, nil },
		task.OnFailure(func(_ task.Info, err error) { told = err }), task.Unobserved(func(task.Info, error) {}))
	err := task.Start(kept, func(context.Context) error { return nil }).Err()
	require.ErrorIs(t, err, task.ErrEnded)
	assert.ErrorIs(t, told, task.ErrEnded)
}

// If a report about garbage calls Goexit, as t.FailNow does, it does not end the
// goroutine in which the runtime calls all cleanups of the program.
func TestReportThatCallsGoexitOnGarbage(t *testing.T) {
	reported := make(chan struct{})
	func() {
		tk := task.Start(context.Background(), func(context.Context) error { return errors.New("x") },
			task.Unobserved(func(task.Info, error) { defer close(reported); runtime.Goexit() }))
		<-tk.Done()
	}()
	collectUntil(t, reported)
	cleaned := make(chan struct{})
	func() {
		p := new([64]byte)
		runtime.AddCleanup(p, func(int) { close(cleaned) }, 1)
	}()
	collectUntil(t, cleaned)
}

// collectUntil collects garbage until that has closed the channel.
func collectUntil(t *testing.T, closed chan struct{}) {
	t.Helper()
	require.Eventually(t, func() bool {
		runtime.GC()
		select {
		case <-closed:
			return true
		default:
			return false
		}
	}, time.Minute, time.Millisecond, "cleanups are dead")
}

// A Task that was never started has no variables, and calls callbacks like one that has
// ended.
func TestZeroTaskCallsBack(t *testing.T) {
	var zero task.Task[int]
	assert.NotPanics(t, func() { assert.NotNil(t, zero.Context()) })
	called := false
	stop := zero.OnDone(func(*task.Task[int]) { called = true })
	assert.True(t, called)
	assert.False(t, stop())
}

// endingCtx is done, and a question for its reason first ends something else.
type endingCtx struct {
	context.Context
	end func()
}

func (c endingCtx) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func (c endingCtx) Err() error { c.end(); return context.Canceled }

// A task that ends while the waiter's ctx is looked at has ended.
func TestEndWhileTheCtxIsAsked(t *testing.T) {
	waits := map[string]func(ctx context.Context, t *task.Task[int]) (int, error){
		"Await": func(ctx context.Context, t *task.Task[int]) (int, error) { return t.Await(ctx) },
		"Wait": func(ctx context.Context, t *task.Task[int]) (int, error) {
			if _, _, err := task.Wait(ctx, task.AllCompleted, t); err != nil {
				return 0, err
			}
			return t.Result()
		},
		"AsCompleted": func(ctx context.Context, t *task.Task[int]) (int, error) {
			for t, err := range task.AsCompleted(ctx, t) {
				if err != nil {
					return 0, err
				}
				return t.Result()
			}
			return 0, nil
		},
	}
	for name, wait := range waits {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				promise, complete := task.Promise[int](ctx)
				waiter := task.Go(ctx, func(ctx context.Context) (int, error) {
					return wait(endingCtx{ctx, func() { complete(42, nil); <-promise.Done() }}, promise)
				})
				v, err := waiter.Await(ctx)
				require.NoError(t, err)
				assert.Equal(t, 42, v)
			})
		})
	}
}
