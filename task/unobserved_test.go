package task_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
)

// A reporter records what is reported to it.
type reporter struct {
	mu     sync.Mutex
	errs   []error
	names  []string
	report chan struct{} // gets a value for each
}

func (r *reporter) option() task.Option {
	r.report = make(chan struct{}, 100)
	return task.Unobserved(func(info task.Info, err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.errs = append(r.errs, err)
		r.names = append(r.names, info.Name)
		r.report <- struct{}{}
	})
}

func TestErrorNobodyLookedAtIsReportedAtTheEndOfRun(t *testing.T) {
	fails := failAfter(time.Second, errMine)
	tests := []struct {
		name string
		body func(ctx context.Context, child *task.Task[none])
		want int
	}{
		{"nobody", func(context.Context, *task.Task[none]) {}, 1},
		{"Done is not a look", func(_ context.Context, child *task.Task[none]) { <-child.Done() }, 1},
		{"Wait is not a look", func(ctx context.Context, child *task.Task[none]) {
			_, _, _ = task.Wait(ctx, task.AllCompleted, child)
		}, 1},
		{"a wait that ended early", func(ctx context.Context, child *task.Task[none]) {
			ctx, stop := context.WithTimeout(ctx, time.Millisecond)
			defer stop()
			_, err := child.Await(ctx)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}, 1},
		{"Result too early", func(_ context.Context, child *task.Task[none]) { _, _ = child.Result() }, 1},
		{"Await", func(ctx context.Context, child *task.Task[none]) { _, _ = child.Await(ctx) }, 0},
		{"Result", func(_ context.Context, child *task.Task[none]) { <-child.Done(); _, _ = child.Result() }, 0},
		{"Err", func(_ context.Context, child *task.Task[none]) { <-child.Done(); _ = child.Err() }, 0},
		{"AsCompleted", func(ctx context.Context, child *task.Task[none]) {
			for range task.AsCompleted(ctx, child) {
			}
		}, 0},
		{"WaitFor", func(ctx context.Context, child *task.Task[none]) { _, _ = task.WaitFor(ctx, child, time.Hour) }, 0},
		{"a callback that looks", func(_ context.Context, child *task.Task[none]) {
			child.OnDone(func(child *task.Task[none]) { _ = child.Err() })
			<-child.Done()
		}, 0},
		{"cancelled", func(_ context.Context, child *task.Task[none]) { child.Cancel(nil) }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, ctx context.Context) {
				var r reporter
				_, err := task.Run(ctx, func(ctx context.Context) (none, error) {
					child := task.Go(ctx, fails, task.Name("job"))
					tt.body(ctx, child)
					time.Sleep(2 * time.Second)
					return none{}, nil
				}, r.option())
				assert.NoError(t, err)
				assert.Len(t, r.errs, tt.want)
				for i := range r.errs {
					assert.Equal(t, errMine, r.errs[i])
					assert.Equal(t, "job", r.names[i])
				}
			})
		})
	}
}

func TestErrorInAGroupIsNotReported(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var r reporter
		_, err := task.Run(ctx, func(ctx context.Context) (none, error) {
			err := task.Group(ctx, func(ctx context.Context) error {
				task.Go(ctx, failAfter(0, errMine))
				return nil
			})
			assert.ErrorIs(t, err, errMine)
			return none{}, nil
		}, r.option())
		assert.NoError(t, err)
		assert.Empty(t, r.errs)
	})
}

// A Group does not report the failure of a child's own child.
func TestErrorOfAGrandchildIsReported(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var r reporter
		_, err := task.Run(ctx, func(ctx context.Context) (none, error) {
			return none{}, task.Group(ctx, func(ctx context.Context) error {
				task.Go(ctx, func(ctx context.Context) (none, error) {
					task.Go(ctx, failAfter(time.Second, errMine), task.Name("grandchild"))
					return none{}, nil
				})
				return nil
			})
		}, r.option())
		assert.NoError(t, err)
		assert.Equal(t, []string{"grandchild"}, r.names)
	})
}

// Failures in the shutdown of a Run are reported too, as by asyncio.run.
func TestErrorInShutdownIsReported(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var r reporter
		_, err := task.Run(ctx, func(ctx context.Context) (none, error) {
			task.Go(ctx, func(ctx context.Context) (none, error) { <-ctx.Done(); panic("clean-up") })
			return none{}, nil
		}, r.option())
		assert.NoError(t, err)
		if assert.Len(t, r.errs, 1) {
			var pe *task.PanicError
			assert.ErrorAs(t, r.errs[0], &pe)
		}
	})
}

// Without a Run, errors are reported when the last handle is gone.
func TestErrorNobodyCanLookAtAnyMoreIsReported(t *testing.T) {
	var r reporter
	ctx := context.Background()
	func() {
		<-task.Go(ctx, func(context.Context) (none, error) { return none{}, errMine }, r.option(), task.Name("lost")).Done()
		_ = task.Go(ctx, func(context.Context) (none, error) { return none{}, errZero }, r.option(), task.Name("seen")).Await
		seen := task.Go(ctx, func(context.Context) (none, error) { return none{}, errZero }, r.option(), task.Name("seen"))
		_, err := seen.Await(ctx)
		assert.Equal(t, errZero, err)
	}()
	deadline := time.After(time.Minute)
	for got := 0; got < 2; {
		runtime.GC()
		select {
		case <-r.report:
			got++
		case <-deadline:
			assert.Fail(t, "not reported")
			return
		case <-time.After(time.Millisecond):
		}
	}
	for range 5 {
		runtime.GC()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	assert.ElementsMatch(t, []string{"lost", "seen"}, r.names, "each once, and not the one that was awaited")
}

func TestErrorOfAKeptTaskIsNotReported(t *testing.T) {
	var r reporter
	kept := task.Go(context.Background(), func(context.Context) (none, error) { return none{}, errMine }, r.option())
	<-kept.Done()
	for range 10 {
		runtime.GC()
	}
	assert.Equal(t, errMine, kept.Err())
	runtime.KeepAlive(kept)
	r.mu.Lock()
	defer r.mu.Unlock()
	assert.Empty(t, r.errs)
}

func TestUnobservedIsInheritedAndOverridden(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var outer, inner reporter
		_, err := task.Run(ctx, func(ctx context.Context) (none, error) {
			task.Go(ctx, func(ctx context.Context) (none, error) {
				task.Go(ctx, failAfter(time.Second, errMine), task.Name("a"))
				return none{}, nil
			})
			task.Go(ctx, func(ctx context.Context) (none, error) {
				task.Go(ctx, failAfter(time.Second, errMine), task.Name("b"))
				return none{}, nil
			}, inner.option())
			return none{}, task.Sleep(ctx, 2*time.Second)
		}, outer.option())
		assert.NoError(t, err)
		assert.Equal(t, []string{"a"}, outer.names)
		assert.Equal(t, []string{"b"}, inner.names)
	})
}

func TestUnobservedIsLoggedByDefault(t *testing.T) {
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		<-task.Go(ctx, func(context.Context) (none, error) { panic("lost") }, task.Name("job")).Done()
		return none{}, nil
	})
	assert.NoError(t, err)
	assert.Contains(t, log.String(), `level=ERROR msg="task failed and nobody looked at its error" task=job`)
	assert.Contains(t, log.String(), `err.msg="task \"job\": panic: lost (in `)
	assert.Contains(t, log.String(), "TestUnobservedIsLoggedByDefault", "the stack of the panic")
}

func TestOnDone(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var calls []string
		note := func(name string) func(*task.Task[int]) {
			return func(child *task.Task[int]) {
				v, err := child.Result()
				assert.NoError(t, err)
				assert.Equal(t, 42, v)
				assert.Equal(t, "bob", user.Get(), "the variables it had at its end")
				assert.Nil(t, task.Current(), "no task is running any more")
				user.Set("set by a callback")
				calls = append(calls, name)
			}
		}
		user.Set("alice")
		child := task.Go(ctx, func(ctx context.Context) (int, error) {
			user.Set("bob")
			return 42, task.Sleep(ctx, time.Second)
		})
		child.OnDone(note("first"))
		stop := child.OnDone(note("taken back"))
		child.OnDone(note("second"))
		assert.True(t, stop())
		assert.False(t, stop())
		<-child.Done()
		synctest.Wait()
		assert.Equal(t, []string{"first", "second"}, calls)
		stop = child.OnDone(note("late"))
		assert.False(t, stop())
		assert.Equal(t, []string{"first", "second", "late"}, calls, "called before OnDone returns")
		assert.Equal(t, "alice", user.Get())
		final, _ := user.In(child.Context())
		assert.Equal(t, "bob", final)
	})
}

func TestGroupWaitsForCallbacks(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		called := false
		assert.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			task.Go(ctx, after(time.Second, 1)).OnDone(func(*task.Task[int]) {
				time.Sleep(time.Second)
				called = true
			})
			return nil
		}))
		assert.True(t, called)
	})
}

// Whatever one callback does, the others are called, and the callback is reported.
func TestCallbacksThatEndBadly(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var r reporter
		var calls int
		_, err := task.Run(ctx, func(ctx context.Context) (none, error) {
			return none{}, task.Group(ctx, func(ctx context.Context) error {
				child := task.Go(ctx, after(time.Second, 1), task.Name("job"))
				child.OnDone(func(*task.Task[int]) { calls++; panic(errMine) })
				child.OnDone(func(*task.Task[int]) { calls++; runtime.Goexit() })
				child.OnDone(func(*task.Task[int]) { calls++ })
				return nil
			})
		}, r.option())
		assert.NoError(t, err)
		assert.Equal(t, 3, calls)
		if assert.Len(t, r.errs, 2) {
			assert.ErrorIs(t, r.errs[0], errMine)
			assert.ErrorIs(t, r.errs[1], task.ErrGoexit)
		}
	})
}

func TestObserverThatPanicsDoesNotKeepATaskFromEnding(t *testing.T) {
	var r reporter
	stop := task.OnFinished(func(f task.Finished) {
		if f.Name == "observed" {
			panic(errMine)
		}
	})
	defer stop()
	_, err := task.Go(t.Context(), one, task.Name("observed"), r.option()).Await(t.Context())
	assert.NoError(t, err)
	<-r.report
	assert.ErrorIs(t, r.errs[0], errMine)
}
