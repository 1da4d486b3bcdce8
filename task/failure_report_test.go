package task_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

func TestReporterThatPanicsIsNoHarm(t *testing.T) {
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		task.Start(ctx, func(context.Context) error { return errMine })
		return none{}, nil
	}, task.Unobserved(func(task.Info, error) { panic(errZero) }))
	assert.NoError(t, err)
}

func TestRefusedTaskIsReported(t *testing.T) {
	var r reporter
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		var over context.Context
		require.NoError(t, task.Group(ctx, func(ctx context.Context) error { over = ctx; return nil }))
		task.Start(over, func(context.Context) error { t.Error("it ran"); return nil })
		looked := task.Start(over, func(context.Context) error { return nil })
		assert.ErrorIs(t, looked.Err(), task.ErrEnded)
		assert.Equal(t, task.Failed, looked.State())
		return none{}, nil
	}, r.option())
	require.NoError(t, err)
	require.Len(t, r.errs, 1, "the one that nobody looked at")
	assert.ErrorIs(t, r.errs[0], task.ErrEnded)
}

// A refusal by an abort is the abort's error: a task that returns it has not failed in
// addition.
func TestRefusalByAnAbortIsNoFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Start(ctx, func(ctx context.Context) error {
				<-ctx.Done()
				late := task.Start(ctx, func(context.Context) error { return nil })
				_, err := late.Await(context.Background())
				assert.ErrorIs(t, err, task.ErrCanceling)
				assert.ErrorIs(t, err, context.Canceled)
				assert.Equal(t, task.Canceled, late.State())
				return err
			})
			return errMine
		})
		onlyErrors(t, err, 1, errMine)
	})
}

type requestError struct{ ctx context.Context }

func (*requestError) Error() string { return "request" }

// reportedOf collects garbage until there are that many reports, or until it takes too
// long.
func reportedOf(n int32, reported *atomic.Int32) int32 {
	for deadline := time.Now().Add(time.Minute); reported.Load() < n && time.Now().Before(deadline); {
		runtime.GC()
		runtime.Gosched()
	}
	return reported.Load()
}

// Outside of a Run, a report depends on the handle alone, not on values that the error
// refers to, and not on other handles.
func TestReportWhenTheHandleIsGarbage(t *testing.T) {
	var reported atomic.Int32
	hear := task.Unobserved(func(task.Info, error) { reported.Add(1) })
	for range 20 {
		<-task.Start(context.Background(), func(ctx context.Context) error { return &requestError{ctx} }, hear).Done()
	}
	assert.EqualValues(t, 20, reportedOf(20, &reported), "the error refers to the ctx")

	var kept *task.Task[none]
	<-task.Start(context.Background(), func(ctx context.Context) error {
		kept = task.Start(ctx, func(context.Context) error { return nil })
		_, _ = kept.Await(ctx)
		return errMine
	}, hear).Done()
	assert.EqualValues(t, 21, reportedOf(21, &reported), "the handle of a child is kept")
	assert.Nil(t, kept.Parent())
}

// A ctx keeps working after its task has become garbage.
func TestCtxOfAnUnheardTask(t *testing.T) {
	type key struct{}
	var kept context.Context
	user.Set("of the test")
	base := context.WithValue(t.Context(), key{}, "value")
	child := task.Start(base, func(ctx context.Context) error { kept = ctx; return errMine }, task.Unobserved(func(task.Info, error) {}))
	<-child.Done()
	for kept.Err() == nil {
		runtime.Gosched()
	}
	assert.Equal(t, task.ErrEnded, context.Cause(kept))
	<-kept.Done()
	assert.Equal(t, "value", kept.Value(key{}))
	late := task.Go(kept, func(ctx context.Context) (error, error) { return ctx.Err(), nil })
	seen, err := late.Await(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, context.Canceled, seen)
	assert.Equal(t, task.Handle(child), task.FromContext(kept))
	runtime.KeepAlive(child)
}

func TestSupervisorReportsAtOnceAndForgetsWhatWasHandled(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var reported atomic.Int32
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Start(ctx, func(context.Context) error { panic(errMine) })
			time.Sleep(100 * time.Millisecond)
			assert.EqualValues(t, 1, reported.Load(), "long before its end")
			for range 50 {
				_, err := task.Start(ctx, func(context.Context) error { return errZero }).Await(ctx)
				assert.ErrorIs(t, err, errZero)
			}
			time.Sleep(time.Minute)
			assert.EqualValues(t, 1, reported.Load())
			return nil
		}, task.FailFast(false), task.Unobserved(func(task.Info, error) { reported.Add(1) }))
		onlyErrors(t, err, 0, nil)
		assert.EqualError(t, err, "task: group: 1 failure, which was reported")
	})
}

// Whenever a child of a supervisor fails, and whenever its error is looked at, the
// error is reported, returned or looked at, and reported or returned only once.
func TestSupervisorReportsEachFailureOnce(t *testing.T) {
	const never = -1
	tests := []struct {
		reason             string
		fails, looked      time.Duration // since the beginning; the Group lasts a minute
		reported, returned int
	}{
		{"reported at once", 0, never, 1, 0},
		{"too late to be reported", time.Minute - 1, never, 0, 1},
		{"handled", 0, 1, 0, 0},
		{"handled after it was reported", 0, time.Second, 1, 0},
		{"handled in the last moment", time.Minute - 2, time.Minute - 1, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				reported := 0
				err := task.Group(ctx, func(ctx context.Context) error {
					child := task.Go(ctx, failAfter(tt.fails, errMine))
					if tt.looked != never {
						time.Sleep(tt.looked)
						assert.ErrorIs(t, child.Err(), errMine)
					}
					time.Sleep(time.Minute - max(tt.looked, 0))
					return nil
				}, task.FailFast(false), task.Unobserved(func(_ task.Info, err error) {
					assert.ErrorIs(t, err, errMine)
					reported++
				}))
				assert.Equal(t, tt.reported, reported)
				if tt.returned > 0 {
					onlyErrors(t, err, tt.returned, errMine)
				} else {
					assert.NotErrorIs(t, err, errMine)
				}
				assert.Equal(t, tt.looked == never, err != nil, "what somebody looked at does not count")
			})
		})
	}
}

func TestOnFailureIsCalledAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var told []error
		hear := task.OnFailure(func(info task.Info, err error) {
			assert.Equal(t, task.Failed, info.State)
			told = append(told, err)
		})
		_, err := task.Run(ctx, func(ctx context.Context) (none, error) {
			child := task.Start(ctx, func(context.Context) error { return errMine })
			_, _ = child.Await(ctx)
			assert.Equal(t, []error{errMine}, told, "before the tasks that wait")
			canceled := task.Start(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			canceled.Cancel(nil)
			_, _ = canceled.Await(ctx)
			assert.Len(t, told, 1, "to be cancelled is not to fail")
			return none{}, nil
		}, hear)
		require.NoError(t, err)
	})
}

// A failure that nobody is about to look at is reported in time, even if one with a
// longer delay came before it.
func TestSupervisorReportsInTime(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var mu sync.Mutex
		var reported []error
		heard := func() []error {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(reported)
		}
		_ = task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, failAfter(time.Millisecond, errMine)).Done() // which somebody has
			time.Sleep(2 * time.Millisecond)
			task.Go(ctx, failAfter(0, errZero))
			time.Sleep(100 * time.Millisecond)
			assert.Equal(t, []error{errZero}, heard())
			time.Sleep(2 * time.Second)
			assert.Equal(t, []error{errZero, errMine}, heard())
			return nil
		}, task.FailFast(false), task.Unobserved(func(_ task.Info, err error) {
			mu.Lock()
			defer mu.Unlock()
			reported = append(reported, err)
		}))
	})
}

// A function given to Unobserved that calls Goexit, as t.FailNow does, keeps no other
// error from being reported.
func TestReporterThatExitsHearsAll(t *testing.T) {
	const n = 5
	fails := func(ctx context.Context) {
		for range n {
			task.Go(ctx, func(context.Context) (int, error) { time.Sleep(time.Second); return 0, errMine })
		}
		time.Sleep(10 * time.Second)
	}
	for name, call := range map[string]func(context.Context, task.Option){
		"Run": func(ctx context.Context, o task.Option) {
			_, _ = task.Run(ctx, func(ctx context.Context) (int, error) { fails(ctx); return 0, nil }, o)
		},
		"supervisor": func(ctx context.Context, o task.Option) {
			_ = task.Group(ctx, func(ctx context.Context) error { fails(ctx); return nil }, task.FailFast(false), o)
		},
		"Group that exits": func(ctx context.Context, o task.Option) {
			_ = task.Group(ctx, func(ctx context.Context) error { fails(ctx); runtime.Goexit(); return nil }, o)
		},
	} {
		inBubble(t, func(t *testing.T, ctx context.Context) {
			heard := 0
			go call(ctx, task.Unobserved(func(task.Info, error) { heard++; runtime.Goexit() }))
			time.Sleep(time.Minute)
			synctest.Wait()
			assert.Equal(t, n, heard, name)
		})
	}
}

// A supervisor gives those who wait for a task more time to look at its error, however
// they wait.
func TestSupervisorHeedsThoseWhoWait(t *testing.T) {
	for name, wait := range map[string]func(failed *task.Task[none], looked chan<- none){
		"OnDone": func(failed *task.Task[none], looked chan<- none) {
			failed.OnDone(func(failed *task.Task[none]) {
				time.Sleep(500 * time.Millisecond)
				assert.ErrorIs(t, failed.Err(), errMine)
				close(looked)
			})
		},
		"Done": func(failed *task.Task[none], looked chan<- none) {
			done := failed.Done()
			go func() {
				<-done
				time.Sleep(500 * time.Millisecond)
				assert.ErrorIs(t, failed.Err(), errMine)
				close(looked)
			}()
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var reported []error
			err := task.Group(t.Context(), func(ctx context.Context) error {
				failed := task.Start(ctx, func(context.Context) error { time.Sleep(time.Second); return errMine })
				looked := make(chan none)
				wait(failed, looked)
				<-looked
				return nil
			}, task.FailFast(false), task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) }))
			assert.NoError(t, err, name)
			assert.Empty(t, reported, name)
		})
	}
}

// A supervisor reports a failure after a moment, in which somebody may look at it, and
// later if somebody waits for the task.
func TestSupervisorIsPatient(t *testing.T) {
	for reason, tc := range map[string]struct {
		wait func(task.Handle)
		at   time.Duration
	}{
		"nobody waits":   {func(task.Handle) {}, time.Second + 50*time.Millisecond},
		"somebody waits": {func(h task.Handle) { <-h.Done() }, 2 * time.Second},
	} {
		t.Run(reason, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				took := elapsed()
				var at []time.Duration
				_ = task.Group(ctx, func(ctx context.Context) error {
					tc.wait(task.Go(ctx, failAfter(time.Second, errMine)))
					time.Sleep(time.Minute)
					return nil
				}, task.FailFast(false), task.Unobserved(func(task.Info, error) { at = append(at, took()) }))
				assert.Equal(t, []time.Duration{tc.at}, at)
			})
		})
	}
}
