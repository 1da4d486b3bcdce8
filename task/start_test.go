package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

func TestStart(t *testing.T) {
	child := task.Start(t.Context(), func(context.Context) error { return errMine }, task.Name("child"))
	_, err := child.Await(t.Context())
	assert.Equal(t, errMine, err)
	assert.Equal(t, "child", child.Name())
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { task.Start(t.Context(), nil) })
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { _, _, _ = task.Serve[int](t.Context(), nil) })
}

func TestServe(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		took := elapsed()
		err := task.Group(ctx, func(ctx context.Context) error {
			addr, server, err := task.Serve(ctx, func(ctx context.Context, ready func(string)) error {
				time.Sleep(time.Second)
				ready("localhost:80")
				ready("said again")
				_, err := failAfter(time.Second, errMine)(ctx)
				return err
			})
			assert.NoError(t, err)
			assert.Equal(t, "localhost:80", addr)
			synctest.Wait()
			assert.Equal(t, task.Waiting, server.State())
			assert.Equal(t, time.Second, took())
			return nil
		})
		onlyErrors(t, err, 1, errMine)

		for name, tt := range map[string]struct {
			fn   func(ctx context.Context, ready func(int)) error
			want error
		}{
			"fails":  {func(context.Context, func(int)) error { return errMine }, errMine},
			"panics": {func(context.Context, func(int)) error { panic(errMine) }, errMine},
			"ends":   {func(context.Context, func(int)) error { return nil }, task.ErrNotReady},
		} {
			var r reporter
			err = task.Group(ctx, func(ctx context.Context) error {
				_, server, err := task.Serve(ctx, tt.fn)
				assert.ErrorIs(t, err, tt.want, name)
				assert.True(t, server.State().Final(), name)
				return nil
			}, r.option())
			assert.NoError(t, err, "what fails before it is ready is no failure of the Group")
			assert.Empty(t, r.errs)
		}

		limited, stop := context.WithTimeout(ctx, time.Minute)
		defer stop()
		_, server, err := task.Serve(limited, func(ctx context.Context, _ func(int)) error { <-ctx.Done(); return ctx.Err() })
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, task.Canceled, server.State())
	})
}

func TestPromise(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		promise, complete := task.Promise[int](ctx, task.Name("answer"))
		time.AfterFunc(time.Second, func() {
			assert.True(t, complete(42, nil))
			assert.False(t, complete(43, nil), "once")
		})
		v, err := promise.Await(ctx)
		assert.NoError(t, err)
		assert.Equal(t, 42, v)

		given, completeLate := task.Promise[int](ctx)
		synctest.Wait()
		assert.Equal(t, task.Waiting, given.State())
		given.Cancel(errMine)
		_, err = given.Await(ctx)
		assert.ErrorIs(t, err, errMine)
		assert.False(t, completeLate(1, nil), "it was cancelled")
	})
}

// A lateCtx says that it has ended only when it is asked after another thing has happened.
type lateCtx struct {
	context.Context
	asked  atomic.Int32
	waits  int32 // from which question on
	before <-chan none
}

func (l *lateCtx) Done() <-chan struct{} {
	if l.asked.Add(1) >= l.waits {
		<-l.before
	}
	return l.Context.Done()
}

// A server that was ready when its starter's ctx ended goes on if it is protected from that.
func TestServeOfATaskThatIsReadyAsCtxEnds(t *testing.T) {
	serve := func(waits int32) *lateCtx {
		inner, cancel := context.WithCancel(t.Context())
		defer cancel()
		before, over := make(chan none), make(chan none)
		ctx := &lateCtx{Context: inner, waits: waits, before: before}
		_, server, err := task.Serve(ctx, func(ctx context.Context, ready func(int)) error {
			ready(1)
			cancel()
			close(before)
			select {
			case <-ctx.Done():
			case <-over:
			}
			return ctx.Err()
		}, task.Shielded(), task.Timeout(time.Minute))
		require.NoError(t, err)
		close(over)
		_, err = server.Await(t.Context())
		require.NoError(t, err)
		return ctx
	}
	last := serve(math.MaxInt32).asked.Load() // the question of Serve itself comes last
	for range 20 {
		serve(last)
	}
}

// complete does nothing to a Promise that is cancelled, even if that has not ended yet, and
// nothing to one that its scope did not accept.
func TestPromiseThatCannotBeCompleted(t *testing.T) {
	var over context.Context
	require.NoError(t, task.Group(t.Context(), func(ctx context.Context) error { over = ctx; return nil }))
	refused, complete := task.Promise[int](over)
	assert.False(t, complete(1, nil), "it was refused")
	require.ErrorIs(t, refused.Err(), task.ErrEnded)

	for range 100 {
		canceled, complete := task.Promise[int](t.Context())
		canceled.Cancel(errMine)
		assert.False(t, complete(1, nil), "it was cancelled")
		_, err := canceled.Await(t.Context())
		require.ErrorIs(t, err, errMine)

		ctx, cancel := context.WithCancelCause(t.Context())
		canceled, complete = task.Promise[int](ctx)
		cancel(errMine)
		assert.False(t, complete(1, nil), "its ctx was cancelled")
		_, err = canceled.Await(t.Context())
		require.ErrorIs(t, err, errMine)
	}
}

func TestCancelScope(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		assert.False(t, task.CancelScope(ctx, nil))
		var over context.Context
		err := task.Group(ctx, func(ctx context.Context) error {
			over = ctx
			task.Go(ctx, after(time.Hour, 1))
			task.Start(ctx, func(ctx context.Context) error {
				assert.True(t, task.CancelScope(ctx, errMine))
				return nil
			})
			return nil
		})
		var canceled *task.CanceledError
		require.ErrorAs(t, err, &canceled)
		assert.Equal(t, errMine, canceled.Cause)
		assert.False(t, task.CancelScope(over, nil), "it has ended")
	})
}

func TestSetTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		assert.False(t, task.SetTimeout(ctx, time.Second))
		took := elapsed()
		err := task.Group(ctx, func(ctx context.Context) error {
			assert.True(t, task.SetTimeout(ctx, time.Second))
			for range 10 { // there is progress
				time.Sleep(time.Second / 2)
				assert.True(t, task.SetTimeout(ctx, time.Second))
			}
			return task.Sleep(ctx, time.Hour)
		}, task.Name("slow"))
		assert.Equal(t, &task.TimeoutError{Task: "slow", After: time.Second}, err)
		assert.Equal(t, 6*time.Second, took())

		_, err = task.Run(ctx, func(ctx context.Context) (none, error) {
			task.SetTimeout(ctx, time.Second)
			return none{}, task.Sleep(ctx, time.Hour)
		}, task.Name("main"))
		var timeout *task.TimeoutError
		require.ErrorAs(t, err, &timeout)
		assert.Equal(t, "main", timeout.Task)
		assert.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			task.SetTimeout(ctx, time.Second)
			task.SetTimeout(ctx, -1)
			return task.Sleep(ctx, time.Hour)
		}))
		assert.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			task.SetTimeout(ctx, time.Second)
			return nil
		}))
	})
}

func TestSetTimeoutOfNoTime(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		took := elapsed()
		err := task.Group(ctx, func(ctx context.Context) error {
			task.SetTimeout(ctx, 0)
			return task.Sleep(ctx, time.Hour)
		}, task.Name("now"))
		assert.Equal(t, &task.TimeoutError{Task: "now"}, err)
		assert.Zero(t, took())
	})
}

// A limit that has passed cannot be moved, even if its timer is late.
func TestSetTimeoutAfterALimitThatHasPassed(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		for _, d := range []time.Duration{time.Second, -1} {
			err := task.Group(ctx, func(ctx context.Context) error {
				assert.True(t, task.SetTimeout(ctx, 0))
				assert.False(t, task.SetTimeout(ctx, d))
				<-ctx.Done()
				return nil
			}, task.Name("now"))
			assert.Equal(t, &task.TimeoutError{Task: "now"}, err)
		}
	})
}

func TestSetTimeoutTooLate(t *testing.T) {
	inBubble(t, func(t *testing.T, ctx context.Context) {
		var over context.Context
		assert.Error(t, task.Group(ctx, func(ctx context.Context) error {
			over = ctx
			task.SetTimeout(ctx, time.Second)
			assert.Error(t, task.Sleep(ctx, time.Hour))
			assert.False(t, task.SetTimeout(ctx, time.Second), "the limit has passed")
			return nil
		}))
		assert.False(t, task.SetTimeout(over, time.Second), "the scope has ended")
		assert.Error(t, task.Group(ctx, func(ctx context.Context) error {
			task.CancelScope(ctx, errMine)
			assert.False(t, task.SetTimeout(ctx, time.Second), "the scope is cancelled")
			return errMine
		}))
	})
}

func TestPanicErrorCrossesAWire(t *testing.T) {
	_, here := task.Start(t.Context(), func(context.Context) error { panic(errMine) }, task.Name("job")).Await(t.Context())
	text, err := json.Marshal(here)
	require.NoError(t, err)
	there := new(task.PanicError)
	require.NoError(t, json.Unmarshal(text, there))
	assert.Equal(t, here.Error(), there.Error())
	assert.Contains(t, there.Error(), "start_test.go:")
	var p *task.PanicError
	require.ErrorAs(t, here, &p)
	assert.Equal(t, string(p.Stack), string(there.Stack))
	assert.Equal(t, "job", there.Task)
	assert.NoError(t, errors.Unwrap(there))
	assert.Error(t, json.Unmarshal([]byte(`{"value": 1}`), there))
}

func TestStartSites(t *testing.T) {
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		child := task.Start(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil })
		for _, info := range task.Snapshot().Tasks {
			if info.ID == child.ID() {
				assert.Regexp(t, `^start_test\.go:\d+$`, info.Site)
				child.Cancel(nil)
				return none{}, nil
			}
		}
		return none{}, errMine
	}, task.StartSites())
	assert.NoError(t, err)
}
