package task_test

import (
	"context"
	"errors"
	"runtime"

	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// Tasks that start their own successors end with their scope, however the scope ends
// and however they start them.
func TestScopeThatEndsTakesNothingMore(t *testing.T) {
	starts := map[string]func(ctx context.Context, fn task.Func[none]){
		"Go":            func(ctx context.Context, fn task.Func[none]) { task.Go(ctx, fn) },
		"WithoutCancel": func(ctx context.Context, fn task.Func[none]) { task.Go(context.WithoutCancel(ctx), fn) },
		"Shielded":      func(ctx context.Context, fn task.Func[none]) { task.Go(ctx, fn, task.Shielded()) },
		"in a Group": func(ctx context.Context, fn task.Func[none]) {
			_ = task.Group(ctx, func(ctx context.Context) error { task.Go(ctx, fn); return nil })
		},
		"below": func(ctx context.Context, fn task.Func[none]) {
			task.Go(ctx, func(ctx context.Context) (none, error) { task.Go(ctx, fn); return none{}, nil })
		},
	}
	scopes := map[string]func(ctx context.Context, tick task.Func[none]){
		"Run": func(ctx context.Context, tick task.Func[none]) {
			_, _ = task.Run(ctx, func(ctx context.Context) (none, error) {
				task.Go(ctx, tick)
				return none{}, task.Sleep(ctx, 3*time.Second)
			})
		},
		"aborted Group": func(ctx context.Context, tick task.Func[none]) {
			_ = task.Group(ctx, func(ctx context.Context) error { task.Go(ctx, tick); return errMine })
		},
		"Group with a Timeout": func(ctx context.Context, tick task.Func[none]) {
			_ = task.Group(ctx, func(ctx context.Context) error { task.Go(ctx, tick); return nil }, task.Timeout(3*time.Second))
		},
		"Group cancelled from outside": func(ctx context.Context, tick task.Func[none]) {
			ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			_ = task.Group(ctx, func(ctx context.Context) error { task.Go(ctx, tick); return nil })
		},
		"Group cancelled by CancelScope": func(ctx context.Context, tick task.Func[none]) {
			_ = task.Group(ctx, func(ctx context.Context) error {
				task.Go(ctx, tick)
				time.AfterFunc(3*time.Second, func() { task.CancelScope(ctx, nil) })
				return nil
			})
		},
		"Group in an aborted Group": func(ctx context.Context, tick task.Func[none]) {
			_ = task.Group(ctx, func(ctx context.Context) error {
				task.Start(ctx, func(ctx context.Context) error {
					return task.Group(ctx, func(ctx context.Context) error { task.Go(ctx, tick); return nil })
				})
				time.Sleep(3 * time.Second)
				return errMine
			})
		},
	}
	for scopeName, scope := range scopes {
		for startName, start := range starts {
			t.Run(scopeName+"/"+startName, func(t *testing.T) {
				inBubble(t, func(t *testing.T, ctx context.Context) {
					ticks := 0
					var tick task.Func[none]
					tick = func(ctx context.Context) (none, error) {
						if ticks++; ticks > 1000 {
							t.Error("it goes on for ever")
							return none{}, nil
						}
						_ = task.Sleep(ctx, time.Second)
						start(ctx, tick)
						return none{}, nil
					}
					scope(ctx, tick)
				})
			})
		}
	}
}

// Whatever uses the ctx of an ended task is cancelled, in its callbacks and after them.
func TestChildOfATaskThatHasEnded(t *testing.T) {
	hold := make(chan none)
	var ctx context.Context
	parent := task.Start(t.Context(), func(c context.Context) error { ctx = c; <-hold; return nil })
	child := make(chan *task.Task[error], 1)
	start := func() *task.Task[error] {
		return task.Go(ctx, func(ctx context.Context) (error, error) { return context.Cause(ctx), nil })
	}
	parent.OnDone(func(*task.Task[none]) { child <- start() })
	close(hold)
	for _, c := range []*task.Task[error]{<-child, start()} {
		cause, err := c.Await(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, task.ErrEnded, cause)
	}
}

func TestCtxOfATaskNeverChangesItsMind(t *testing.T) {
	type step func(cancelBase, cancelTask func())
	base := func(b, _ func()) { b() }
	own := func(_, c func()) { c() }
	for _, tt := range []struct {
		name, reason string
		steps        []step
		cause        error
	}{
		{"base, then own", "the base was first", []step{base, own}, errZero},
		{"own, then base", "Cancel was first", []step{own, base}, errMine},
	} {
		for _, look := range []bool{false, true} {
			for _, ask := range []bool{false, true} {
				t.Run(tt.name, func(t *testing.T) {
					outer, cancel := context.WithCancelCause(t.Context())
					goOn := make(chan none)
					child := task.Start(outer, func(ctx context.Context) error {
						if ask {
							_ = ctx.Done()
						}
						<-goOn
						if look {
							assert.Error(t, ctx.Err())
						}
						goOn <- none{}
						<-goOn
						assert.Equal(t, context.Canceled, ctx.Err())
						assert.Equal(t, tt.cause, context.Cause(ctx), tt.reason)
						return context.Cause(ctx)
					})
					cancelBase, cancelTask := func() { cancel(errZero) }, func() { child.Cancel(errMine) }
					tt.steps[0](cancelBase, cancelTask)
					goOn <- none{}
					<-goOn
					tt.steps[1](cancelBase, cancelTask)
					goOn <- none{}
					_, err := child.Await(t.Context())
					assert.ErrorIs(t, err, tt.cause)
					assert.ErrorIs(t, err, context.Canceled, "whatever the function returned")
					assert.Equal(t, task.Canceled, child.State())
				})
			}
		}
	}
}

// A cancellation from further out outranks a task's own limit, even if the limit comes
// first.
func TestOuterCauseOutranksOwnLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		outer, cancel := context.WithCancelCause(ctx)
		child := task.Start(outer, func(ctx context.Context) error { time.Sleep(3 * time.Second); return ctx.Err() }, task.Timeout(time.Second))
		time.Sleep(2 * time.Second)
		cancel(errMine)
		_, err := child.Await(ctx)
		var canceled *task.CanceledError
		require.ErrorAs(t, err, &canceled)
		assert.Equal(t, errMine, canceled.Cause)
	})
}

// A task started below a shielded task is shielded too, even after that has ended and
// it has become a child of what the shield is against.
func TestShieldLastsForThoseBelow(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var below *task.Task[int]
		parent := task.Start(ctx, func(ctx context.Context) error {
			shield := task.Start(ctx, func(ctx context.Context) error { below = task.Go(ctx, after(time.Minute, 7)); return nil }, task.Shielded())
			_, _ = shield.Await(ctx)
			return task.Sleep(ctx, time.Hour)
		})
		synctest.Wait()
		parent.Cancel(nil)
		v, err := below.Await(ctx)
		assert.NoError(t, err)
		assert.Equal(t, 7, v)
	})
}

type limitKey struct{}

// Tasks started with a ctx that only adds a value share the limit.
func TestLimitReachesThroughAValue(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		took := elapsed()
		parent := task.Start(ctx, func(ctx context.Context) error {
			child := task.Go(context.WithValue(ctx, limitKey{}, 1), after(time.Hour, 1))
			_, err := child.Await(context.Background())
			return err
		}, task.Timeout(time.Second))
		_, err := parent.Await(ctx)
		assert.True(t, isTimeout(err), "%v", err)
		assert.Equal(t, time.Second, took())
	})
}

// A Group that is refused leaves no timer, and a limit disappears with its last user.
func TestLimitGoesWithTheLastThatHasIt(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var child *task.Task[int]
		parent := task.Start(ctx, func(ctx context.Context) error {
			child = task.Go(ctx, after(time.Minute, 1))
			return nil
		}, task.Timeout(24*time.Hour))
		_, err := parent.Await(ctx)
		require.NoError(t, err)
		v, err := child.Await(ctx)
		require.NoError(t, err)
		assert.Equal(t, 1, v)
	})
	before := runtime.NumGoroutine()
	for range 50 {
		var child *task.Task[none]
		parent := task.Start(foreignCtx{context.Background()}, func(ctx context.Context) error {
			child = task.Start(ctx, func(context.Context) error { time.Sleep(time.Millisecond); return nil })
			return nil
		}, task.Timeout(time.Hour))
		_, _ = parent.Await(t.Context())
		_, _ = child.Await(t.Context())
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before, "a foreign ctx takes a goroutine, for as long as the limit is there")
}

func TestSleepLongerThanItsLimitNeverSucceeds(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		for _, d := range []time.Duration{time.Second, 2 * time.Second} {
			_, err := task.Within(ctx, time.Second, after(d, 1))
			assert.True(t, isTimeout(err), "%v", err)
		}
		for range 100 {
			assert.Error(t, task.Group(ctx, func(ctx context.Context) error {
				require.True(t, task.SetTimeout(ctx, time.Second))
				return task.Group(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Second) })
			}))
		}
		took := elapsed()
		assert.NoError(t, task.Sleep(liarCtx{ctx}, time.Minute), "a ctx that only says that it has a deadline")
		assert.Equal(t, time.Minute+time.Second, took())
	})
}

// foreignCtx is a type of its own, so package context needs a goroutine to learn of its
// end.
type foreignCtx struct{ context.Context }

func (foreignCtx) Done() <-chan struct{} { return make(chan struct{}) }
func (foreignCtx) Value(any) any         { return nil }

// liarCtx has a deadline at which it does not end.
type liarCtx struct{ context.Context }

func (liarCtx) Deadline() (time.Time, bool) { return time.Now().Add(time.Second), true }

// If a ctx ended before its task, it keeps that end, even if nobody has looked at it in
// the meantime.
func TestCtxThatEndedUnseenBeforeItsTask(t *testing.T) {
	for _, heard := range []bool{false, true} {
		inBubble(t, func(t *testing.T, ctx context.Context) {
			outer, cancel := context.WithCancelCause(ctx)
			var handed context.Context
			child := task.Go(outer, func(ctx context.Context) (int, error) {
				handed = ctx
				time.Sleep(time.Second)
				cancel(errMine)
				return 1, nil
			})
			if heard {
				child.OnDone(func(*task.Task[int]) {})
			}
			_, err := child.Await(ctx)
			require.NoError(t, err)
			assert.Equal(t, context.Canceled, handed.Err())
			assert.Equal(t, errMine, context.Cause(handed))
		})
	}
}

// A Group that keeps starting tasks can do so until a scope around it is ending. A
// scope that is being cancelled may need tasks to clean up, but one that is ending
// accepts none at any depth.
func TestGroupThatStartsTasksUntilWhatIsAroundEnds(t *testing.T) {
	stubborn := func(ctx context.Context) error {
		return task.Group(ctx, func(ctx context.Context) error {
			for {
				time.Sleep(time.Second)
				one := task.Go(ctx, after(0, 1))
				<-one.Done()
				if errors.Is(one.Err(), task.ErrCanceling) {
					return nil
				}
			}
		})
	}
	tests := map[string]func(outer context.Context, in *task.Task[none]) (bodyErr error){
		"cancelled before": func(outer context.Context, in *task.Task[none]) error {
			in.Cancel(errMine)
			time.Sleep(10 * time.Second)
			assert.False(t, in.State().Final(), "it may still clean up")
			return errMine
		},
		"cancelled after its body": func(outer context.Context, _ *task.Task[none]) error {
			time.AfterFunc(10*time.Second, func() { task.CancelScope(outer, errMine) })
			return nil
		},
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				took := elapsed()
				err := task.Group(ctx, func(ctx context.Context) error {
					return end(ctx, task.Start(ctx, stubborn))
				})
				require.ErrorIs(t, err, errMine)
				assert.LessOrEqual(t, took(), 11*time.Second)
			})
		})
	}
}
