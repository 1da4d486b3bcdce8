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

// A loop whose ctx does not end with its scope ends as soon as the scope accepts no more
// tasks, after three seconds in each case, and counts as cancelled.
func TestUntilEnding(t *testing.T) {
	type start = func(ctx context.Context, loop func(context.Context) error) *task.Task[none]
	starts := map[string]start{
		"WithoutCancel": func(ctx context.Context, loop func(context.Context) error) *task.Task[none] {
			return task.Start(context.WithoutCancel(ctx), loop)
		},
		"Shielded": func(ctx context.Context, loop func(context.Context) error) *task.Task[none] {
			return task.Start(ctx, loop, task.Shielded())
		},
		"below": func(ctx context.Context, loop func(context.Context) error) *task.Task[none] {
			return task.Start(context.WithoutCancel(ctx), func(ctx context.Context) error {
				_, err := task.Start(context.WithoutCancel(ctx), loop).Await(context.WithoutCancel(ctx))
				return err
			})
		},
		"with a value": func(ctx context.Context, loop func(context.Context) error) *task.Task[none] {
			return task.Start(context.WithValue(context.WithoutCancel(ctx), limitKey{}, 1), loop)
		},
	}
	const d = 3 * time.Second
	scopes := map[string]func(ctx context.Context, start func(ctx context.Context)) error{
		"Run": func(ctx context.Context, start func(context.Context)) error {
			_, err := task.Run(ctx, func(ctx context.Context) (none, error) { start(ctx); return none{}, task.Sleep(ctx, d) })
			return err
		},
		"aborted Group": func(ctx context.Context, start func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error {
				start(ctx)
				task.Start(ctx, func(ctx context.Context) error { time.Sleep(d); return errMine })
				return nil
			})
		},
		"Group with a Timeout": func(ctx context.Context, start func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error { start(ctx); return nil }, task.Timeout(d))
		},
		"Group with a limit of SetTimeout": func(ctx context.Context, start func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error { start(ctx); task.SetTimeout(ctx, d); return nil })
		},
		"Group cancelled from outside": func(ctx context.Context, start func(context.Context)) error {
			ctx, cancel := context.WithTimeout(ctx, d)
			defer cancel()
			return task.Group(ctx, func(ctx context.Context) error { start(ctx); return nil })
		},
		"Group cancelled by CancelScope": func(ctx context.Context, start func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error {
				start(ctx)
				time.AfterFunc(d, func() { task.CancelScope(ctx, nil) })
				return nil
			})
		},
		"Group that is cancelled before its body ends": func(ctx context.Context, start func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error {
				start(ctx)
				task.CancelScope(ctx, errMine)
				time.Sleep(d)
				return nil
			})
		},
		"Group in an aborted Group": func(ctx context.Context, start func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error {
				task.Start(ctx, func(ctx context.Context) error {
					return task.Group(ctx, func(ctx context.Context) error { start(ctx); return nil })
				})
				time.Sleep(d)
				return errMine
			})
		},
	}
	for scopeName, scope := range scopes {
		for startName, start := range starts {
			for _, cause := range []bool{false, true} {
				t.Run(scopeName+"/"+startName, func(t *testing.T) {
					inBubble(t, func(t *testing.T, ctx context.Context) {
						took := elapsed()
						var loop *task.Task[none]
						err := scope(ctx, func(ctx context.Context) {
							loop = start(ctx, func(ctx context.Context) error {
								open, stop := task.UntilEnding(context.WithoutCancel(ctx))
								defer stop()
								err := task.Sleep(open, time.Hour)
								if cause {
									err = context.Cause(open)
								}
								return err
							})
						})
						assert.Equal(t, d, took())
						if !cause && scopeName != "Run" { // which cancels the loop itself
							assert.Equal(t, task.Failed, loop.State(), "the ctx's error says nothing of the scope")
							return
						}
						assert.Equal(t, task.Canceled, loop.State())
						assert.Equal(t, cause, errors.Is(loop.Err(), task.ErrCanceling))
						if _, ok := err.(*task.GroupError); ok {
							assert.NotErrorIs(t, err, task.ErrCanceling, "only what aborted it is a failure")
						}
					})
				})
			}
		}
	}
}

// The goroutine that ends the scope finds the ctx ended at once.
func TestUntilEndingShowsAtOnce(t *testing.T) {
	_ = task.Group(t.Context(), func(ctx context.Context) error {
		open, stop := task.UntilEnding(context.WithoutCancel(ctx))
		defer stop()
		task.CancelScope(ctx, errMine)
		assert.NoError(t, open.Err(), "the body still runs")
		return nil
	})
	for range 100 {
		ended := make(chan none)
		err := task.Group(t.Context(), func(ctx context.Context) error {
			open, stop := task.UntilEnding(context.WithoutCancel(ctx))
			task.Start(ctx, func(context.Context) error { return errMine }).OnDone(func(*task.Task[none]) {
				assert.Equal(t, context.Canceled, open.Err())
				assert.ErrorIs(t, context.Cause(open), task.ErrCanceling)
				assert.ErrorIs(t, context.Cause(open), errMine)
				stop()
				assert.ErrorIs(t, context.Cause(open), errMine, "the first cause stays")
				close(ended)
			})
			<-ended
			return nil
		})
		assert.ErrorIs(t, err, errMine)
	}
}

func TestUntilEndingOfNoScope(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	open, stop := task.UntilEnding(ctx)
	defer stop()
	other, stopOther := task.UntilEnding(ctx)
	assert.NoError(t, open.Err())
	stopOther()
	<-other.Done()
	assert.Equal(t, context.Canceled, context.Cause(other))
	assert.NoError(t, open.Err())
	cancel(errMine)
	<-open.Done()
	assert.Equal(t, context.Canceled, open.Err())
	assert.Equal(t, errMine, context.Cause(open))
}

func TestUntilEndingOfAnEndedScope(t *testing.T) {
	var kept, before context.Context
	var stop func()
	require.NoError(t, task.Group(t.Context(), func(ctx context.Context) error {
		kept = context.WithoutCancel(ctx)
		before, stop = task.UntilEnding(kept)
		return nil
	}, task.Name("gone")))
	defer stop()
	after, stopAfter := task.UntilEnding(kept)
	defer stopAfter()
	for _, open := range []context.Context{before, after} {
		<-open.Done()
		assert.Equal(t, context.Canceled, open.Err())
		assert.ErrorIs(t, context.Cause(open), task.ErrEnded)
		assert.EqualError(t, context.Cause(open), `cannot start a task in "gone": it has ended`)
	}
}

// A Group that is opened to clean up in one that is ending is not ending itself.
func TestUntilEndingInACleanUp(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		tries := 0
		err := task.Group(ctx, func(ctx context.Context) error {
			task.Start(ctx, func(ctx context.Context) error {
				<-ctx.Done()
				return task.Group(context.WithoutCancel(ctx), func(ctx context.Context) error {
					open, stop := task.UntilEnding(context.WithoutCancel(ctx))
					defer stop()
					for tries = range 10 {
						require.NoError(t, task.Sleep(open, time.Second))
					}
					task.CancelScope(ctx, nil)
					return nil
				})
			})
			return errMine
		})
		assert.ErrorIs(t, err, errMine)
		assert.Equal(t, 9, tries)
	})
}

// Only the refusal by its own scope, and nothing beside it, makes a task that is not
// cancelled itself count as cancelled.
func TestRefusalThatATaskPassesOn(t *testing.T) {
	ending := func(ctx context.Context) error {
		open, stop := task.UntilEnding(ctx)
		defer stop()
		<-open.Done()
		return context.Cause(open)
	}
	var foreign error
	_ = task.Group(t.Context(), func(ctx context.Context) error {
		task.Start(context.WithoutCancel(ctx), func(ctx context.Context) error { foreign = ending(ctx); return nil })
		return errZero
	})
	require.ErrorIs(t, foreign, task.ErrCanceling)
	for _, tt := range []struct {
		name, reason string
		with         func(refusal error) error
		want         task.State
	}{
		{"alone", "the scope is cancelled, and so is what it refuses", func(err error) error { return err }, task.Canceled},
		{"joined with the ctx's error", "that says no more", func(err error) error { return errors.Join(context.Canceled, err) }, task.Canceled},
		{"joined with a failure", "a failure beside it is one", func(err error) error { return errors.Join(err, errMine) }, task.Failed},
		{"of another scope", "nobody has cancelled this one with it", func(error) error { return foreign }, task.Failed},
		{"a ctx's error alone", "it may be that of any ctx", func(error) error { return context.Canceled }, task.Failed},
		{"a panic in Unwrap", "it is not known what it is", func(error) error { return (*badUnwrap)(nil) }, task.Panicked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var loop *task.Task[none]
			err := task.Group(t.Context(), func(ctx context.Context) error {
				loop = task.Start(context.WithoutCancel(ctx), func(ctx context.Context) error { return tt.with(ending(ctx)) })
				return errMine
			})
			assert.ErrorIs(t, err, errMine)
			assert.Equal(t, tt.want, loop.State(), tt.reason)
			var failed *task.GroupError
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, tt.want != task.Canceled, len(failed.Unwrap()) == 2, "%v", err)
		})
	}
}

// A Group whose own ctx has not ended returns the refusal by the scope around it, and a
// task that passes that on is cancelled.
func TestRefusalThatAGroupPassesOn(t *testing.T) {
	var passed error
	var clean *task.Task[none]
	err := task.Group(t.Context(), func(ctx context.Context) error {
		outer := context.WithoutCancel(ctx)
		clean = task.Start(outer, func(ctx context.Context) error {
			passed = task.Group(ctx, func(ctx context.Context) error {
				open, stop := task.UntilEnding(outer)
				defer stop()
				<-open.Done()
				_, err := task.Go(outer, one).Await(ctx)
				return err
			})
			return passed
		})
		return errMine
	})
	assert.EqualError(t, err, "task: group: body: "+errMine.Error())
	assert.ErrorIs(t, passed, task.ErrCanceling)
	assert.Equal(t, task.Canceled, clean.State())
	assert.ErrorIs(t, clean.Err(), task.ErrCanceling)
}

type badUnwrap struct{}

func (*badUnwrap) Error() string { return "bad" }
func (*badUnwrap) Unwrap() error { panic("asked") }

// What was stopped does not stay with the scope.
func TestUntilEndingStays(t *testing.T) {
	_ = task.Group(t.Context(), func(ctx context.Context) error {
		gone := make(chan none)
		func() {
			value := new([64]int)
			runtime.AddCleanup(value, func(int) { close(gone) }, 0)
			open, stop := task.UntilEnding(context.WithValue(ctx, limitKey{}, value))
			assert.NoError(t, open.Err())
			stop()
		}()
		for {
			runtime.GC()
			select {
			case <-gone:
				return nil
			default:
			}
		}
	})
}

func TestUntilEndingIsPartOfWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		err := task.Group(ctx, func(ctx context.Context) error {
			detached := context.WithoutCancel(ctx)
			task.Start(detached, func(ctx context.Context) error {
				open, stop := task.UntilEnding(ctx)
				defer stop()
				below, cancel := context.WithCancel(open)
				defer cancel()
				child := task.Start(below, func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }, task.Shielded())
				other := task.Start(open, func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
				_, err := child.Await(open)
				assert.ErrorIs(t, err, errMine, "the wait ends")
				assert.ErrorIs(t, err, task.ErrCanceling)
				child.Cancel(nil)
				_, err = other.Await(ctx)
				assert.ErrorIs(t, err, errMine, "what was started with it is cancelled")
				assert.Equal(t, task.Canceled, other.State())
				return nil
			})
			synctest.Wait()
			return errMine
		})
		assert.ErrorIs(t, err, errMine)
	})
}
