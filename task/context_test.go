package task_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

// held runs fn with the ctx of a task that goes on until fn returns.
func held(t *testing.T, ctx context.Context, fn func(child *task.Task[none], ctx context.Context)) {
	t.Helper()
	got, release := make(chan context.Context), make(chan struct{})
	child := task.Go(ctx, func(ctx context.Context) (none, error) {
		got <- ctx
		<-release
		return none{}, nil
	})
	fn(child, <-got)
	close(release)
	<-child.Done()
}

// Contexts that package context derives from a task's ctx must behave as if the ctx
// were its own, whatever the order of the questions.
func TestTaskCtxIsAStandardOne(t *testing.T) {
	type key struct{}
	derive := map[string]func(ctx context.Context) (context.Context, context.CancelFunc){
		"itself":     func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
		"WithCancel": context.WithCancel,
		"WithTimeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Hour)
		},
		"WithValue": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithValue(ctx, key{}, 1), func() {}
		},
		"WithCancel of WithValue": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithCancel(context.WithValue(ctx, key{}, 1))
		},
	}
	for name, derive := range derive {
		for _, early := range []bool{true, false} { // derived before or after it is cancelled
			t.Run(name, func(t *testing.T) {
				inBubble(t, func(t *testing.T, ctx context.Context) {
					held(t, ctx, func(child *task.Task[none], ctx context.Context) {
						var derived context.Context
						stop := context.CancelFunc(func() {})
						if early {
							before := runtime.NumGoroutine()
							derived, stop = derive(ctx)
							// A goroutine of an earlier test may end just now.
							assert.LessOrEqual(t, runtime.NumGoroutine(), before, "no goroutine is needed to follow a task's ctx")
							assert.NoError(t, derived.Err())
							assert.NoError(t, context.Cause(derived))
						}
						child.Cancel(errMine)
						if !early {
							derived, stop = derive(ctx)
						}
						defer stop()
						select {
						case <-derived.Done():
						default:
							assert.Fail(t, "must be done as soon as Cancel has returned")
						}
						assert.Equal(t, context.Canceled, derived.Err())
						assert.Equal(t, errMine, context.Cause(derived))
						ran := make(chan struct{})
						context.AfterFunc(derived, func() { close(ran) })
						<-ran
					})
				})
			})
		}
	}
}

func TestTaskCtxFollowsTheOneItWasStartedWith(t *testing.T) {
	type key struct{}
	tests := []struct {
		name   string
		make   func(ctx context.Context) (context.Context, context.CancelFunc)
		end    time.Duration // when it is cancelled by the CancelFunc; 0: by itself
		err    error
		cause  error
		before func(ctx context.Context) // what the task does with its ctx first
	}{
		{
			name: "a cause", end: time.Second, err: context.Canceled, cause: errMine,
			make: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(ctx)
				return ctx, func() { cancel(errMine) }
			},
		},
		{
			name: "a deadline", err: context.DeadlineExceeded, cause: context.DeadlineExceeded,
			make: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, time.Second)
			},
		},
		{
			name: "a deadline with a cause, behind a value", err: context.DeadlineExceeded, cause: errMine,
			make: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithTimeoutCause(ctx, time.Second, errMine)
				return context.WithValue(ctx, key{}, 1), cancel
			},
		},
	}
	for _, tt := range tests {
		for _, in := range []string{"no task", "a task"} {
			for _, asked := range []bool{true, false} { // whether the ctx is asked for its channel in time
				t.Run(tt.name+" in "+in, func(t *testing.T) {
					inBubble(t, func(t *testing.T, ctx context.Context) {
						check := func(ctx context.Context) {
							ctx, cancel := tt.make(ctx)
							defer cancel()
							wait := func(ctx context.Context) (none, error) {
								if asked {
									<-ctx.Done()
								} else {
									time.Sleep(2 * time.Second)
								}
								assert.Equal(t, tt.err, ctx.Err())
								assert.Equal(t, tt.cause, context.Cause(ctx))
								derived, stop := context.WithCancel(ctx)
								defer stop()
								assert.Equal(t, tt.err, derived.Err())
								assert.Equal(t, tt.cause, context.Cause(derived))
								return none{}, ctx.Err()
							}
							var grandchild *task.Task[none]
							child := task.Go(ctx, func(ctx context.Context) (none, error) {
								_, hasDeadline := ctx.Deadline()
								assert.Equal(t, tt.end == 0, hasDeadline)
								grandchild = task.Go(ctx, wait)
								return wait(ctx)
							})
							if tt.end > 0 {
								time.Sleep(tt.end)
								cancel()
							}
							<-child.Done()
							<-grandchild.Done()
							for _, h := range []task.Handle{child, grandchild} {
								assert.Equal(t, task.Canceled, h.State())
								assert.ErrorIs(t, h.Err(), tt.err)
								assert.ErrorIs(t, h.Err(), tt.cause)
							}
						}
						if in == "a task" {
							_, err := task.Run(ctx, func(ctx context.Context) (none, error) { check(ctx); return none{}, nil })
							assert.NoError(t, err)
						} else {
							check(ctx)
						}
					})
				})
			}
		}
	}
}

func TestTaskCtxHasTheValuesOfTheOneItWasStartedWith(t *testing.T) {
	type key struct{ name string }
	ctx := context.WithValue(t.Context(), key{"a"}, 1)
	_, err := task.Go(ctx, func(ctx context.Context) (none, error) {
		assert.Equal(t, 1, ctx.Value(key{"a"}))
		ctx = context.WithValue(ctx, key{"b"}, 2)
		return none{}, task.Group(ctx, func(ctx context.Context) error {
			_, err := task.Go(ctx, func(ctx context.Context) (none, error) {
				assert.Equal(t, 1, ctx.Value(key{"a"}))
				assert.Equal(t, 2, ctx.Value(key{"b"}))
				assert.Nil(t, ctx.Value(key{"c"}))
				assert.Contains(t, ctx.(interface{ String() string }).String(), "reader")
				return none{}, nil
			}, task.Name("reader")).Await(ctx)
			return err
		})
	}).Await(ctx)
	assert.NoError(t, err)
}

func TestTaskCtxEndsWithTheTask(t *testing.T) {
	for _, asked := range []bool{true, false} {
		var ctxOfTask context.Context
		_, err := task.Go(context.Background(), func(ctx context.Context) (none, error) {
			ctxOfTask = ctx
			if asked {
				assert.NotNil(t, ctx.Done())
			}
			return none{}, nil
		}).Await(t.Context())
		require.NoError(t, err)
		<-ctxOfTask.Done()
		assert.Equal(t, context.Canceled, ctxOfTask.Err())
		assert.Equal(t, task.ErrEnded, context.Cause(ctxOfTask))

		late := task.Go(ctxOfTask, func(ctx context.Context) (error, error) { return context.Cause(ctx), nil })
		cause, err := late.Await(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, task.ErrEnded, cause, "a task begun with a ctx that has ended has one that has")
	}
}

// A child outlives the normal end of its parent, and then belongs to the parent's
// scope.
func TestChildOutlivesItsParentButNotItsScope(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		began := elapsed()
		var grandchild *task.Task[none]
		parent := func(ctx context.Context) (none, error) {
			task.Go(ctx, func(ctx context.Context) (none, error) {
				grandchild = task.Go(ctx, after(time.Second, none{}))
				return none{}, nil
			})
			return none{}, nil
		}
		assert.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, parent)
			return nil
		}))
		assert.Equal(t, time.Second, began(), "the Group waits for all that was started in it")
		assert.Equal(t, task.Succeeded, grandchild.State())

		err := task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, parent)
			synctest.Wait()
			assert.False(t, grandchild.State().Final())
			return errMine
		})
		assert.ErrorIs(t, err, errMine)
		assert.Equal(t, task.Canceled, grandchild.State(), "and its cancellation reaches them")
		assert.ErrorIs(t, grandchild.Err(), errMine)
		assert.Equal(t, time.Second, began())
	})
}

func TestCancelOfASubtree(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var tree [3]task.Handle
		var grow func(ctx context.Context, level int) *task.Task[none]
		grow = func(ctx context.Context, level int) *task.Task[none] {
			child := task.Go(ctx, func(ctx context.Context) (none, error) {
				if level+1 < len(tree) {
					grow(ctx, level+1)
				}
				return none{}, task.Sleep(ctx, time.Hour)
			})
			tree[level] = child
			return child
		}
		root, sibling := grow(ctx, 0), task.Go(ctx, after(time.Hour, 1))
		synctest.Wait()
		tree[1].Cancel(errMine)
		synctest.Wait()
		assert.False(t, root.State().Final(), "not upwards")
		assert.False(t, sibling.State().Final())
		assert.Equal(t, task.Canceled, tree[1].State())
		assert.Equal(t, task.Canceled, tree[2].State())
		assert.ErrorIs(t, tree[2].Err(), errMine)
		root.Cancel(nil)
		sibling.Cancel(nil)
	})
}

// context.WithoutCancel means what it says.
func TestTaskStartedWithoutCancel(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var detached *task.Task[int]
		parent := task.Go(ctx, func(ctx context.Context) (none, error) {
			detached = task.Go(context.WithoutCancel(ctx), after(time.Second, 42))
			return none{}, task.Sleep(ctx, time.Hour)
		})
		synctest.Wait()
		parent.Cancel(errMine)
		requireValue(t, 42, detached)
		assert.Equal(t, task.Canceled, parent.State())
	})
}

// When each task starts its successor and ends, for ever, neither the ctx nor the tree
// may keep the predecessors alive.
func TestChainOfTasksKeepsNothingAlive(t *testing.T) {
	const length = 100
	firsts := make(chan weak.Pointer[task.Task[none]], length)
	last, release := make(chan *task.Task[none], 1), make(chan struct{})
	var next func(n int) task.Func[none]
	next = func(n int) task.Func[none] {
		return func(ctx context.Context) (none, error) {
			if n == 0 {
				<-release
				return none{}, nil
			}
			child := task.Go(ctx, next(n-1))
			firsts <- weak.Make(child)
			if n == 1 {
				last <- child
			}
			return none{}, nil
		}
	}
	first := task.Go(context.Background(), next(length))
	<-first.Done()
	end := <-last
	var alive int
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		runtime.GC() // the first ones may be on a stack still
		alive = 0
		for range length {
			w := <-firsts
			firsts <- w
			if w.Value() != nil {
				alive++
			}
		}
		if alive <= 1 {
			break
		}
	}
	assert.LessOrEqual(t, alive, 1)
	close(release)
	<-end.Done()
}

func TestDoneIsOneChannel(t *testing.T) {
	held(t, t.Context(), func(child *task.Task[none], ctx context.Context) {
		assert.Equal(t, child.Done(), child.Done())
		assert.Equal(t, ctx.Done(), ctx.Done())
	})
}

func TestNilCtxPanics(t *testing.T) {
	defer func() { assert.Equal(t, task.ErrNilContext, recover()) }()
	var missing context.Context
	task.Go(missing, one)
}
