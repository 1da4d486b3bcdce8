package task_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

var user = ctxvar.New("user", ctxvar.Default("anonymous"))

// sleeper is a task function that sleeps for d and returns v.
func sleeper[T any](d time.Duration, v T) task.Func[T] {
	return func(ctx context.Context) (T, error) { return v, task.Sleep(ctx, d) }
}

// failing is a task function that sleeps for d and fails with failure.
func failing(d time.Duration, failure error) task.Func[int] {
	return func(ctx context.Context) (int, error) {
		if err := task.Sleep(ctx, d); err != nil {
			return 0, err
		}
		return 0, failure
	}
}

func TestGoReturnsWhatItsFunctionReturned(t *testing.T) {
	ctx := t.Context()
	v, err := task.Go(ctx, sleeper(0, 42)).Await(ctx)
	assert.NoError(t, err)
	assert.Equal(t, 42, v)

	both := task.Go(ctx, func(context.Context) (int, error) { return 7, errBoom })
	v, err = both.Await(ctx)
	assert.Equal(t, errBoom, err, "an error is passed on as it is")
	assert.Equal(t, 7, v, "and so is a value beside it")
}

func TestAwaitByManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		child := task.Go(t.Context(), sleeper(time.Second, 42))
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				v, err := child.Await(context.Background())
				assert.NoError(t, err)
				assert.Equal(t, 42, v)
			})
		}
		wg.Wait()
	})
}

func TestAwaitEndsWithTheWaitersContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		child := task.Go(t.Context(), sleeper(time.Hour, 42), task.Name("slow"))
		errImpatient := errors.New("impatient")
		ctx, cancel := context.WithTimeoutCause(context.Background(), time.Second, errImpatient)
		defer cancel()
		_, err := child.Await(ctx)
		var te *task.Error
		require.ErrorAs(t, err, &te)
		assert.Equal(t, "slow", te.Task)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorIs(t, err, errImpatient)
		assert.EqualError(t, err, `task: await "slow": context deadline exceeded: impatient`)
		assert.False(t, child.State().Final(), "the task goes on")

		v, err := child.Await(context.Background())
		assert.NoError(t, err)
		assert.Equal(t, 42, v)

		v, err = child.Await(ctx)
		assert.NoError(t, err, "a task that has ended has a result, whatever ctx says")
		assert.Equal(t, 42, v)
	})
}

func TestAwaitOfItselfIsAnError(t *testing.T) {
	ctx := t.Context()
	self := make(chan *task.Task[int], 1)
	child := task.Go(ctx, func(ctx context.Context) (int, error) { return (<-self).Await(ctx) }, task.Name("narcissus"))
	self <- child
	_, err := child.Await(ctx)
	assert.ErrorIs(t, err, task.ErrDeadlock)
	assert.EqualError(t, err, `task: await "narcissus": a task cannot wait for itself`)
}

func TestResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		child := task.Go(t.Context(), sleeper(time.Second, 42), task.Name("slow"))
		v, err := child.Result()
		assert.Zero(t, v)
		assert.ErrorIs(t, err, task.ErrNotDone)
		assert.EqualError(t, err, `task: result "slow": not done yet; Await it`)
		<-child.Done()
		v, err = child.Result()
		assert.NoError(t, err)
		assert.Equal(t, 42, v)
	})
}

func TestStates(t *testing.T) {
	tests := []struct {
		name, reason string
		fn           task.Func[int]
		cancel       error
		want         task.State
	}{
		{"value", "", sleeper(time.Second, 1), nil, task.Succeeded},
		{"error", "", failing(time.Second, errBoom), nil, task.Failed},
		{"panic", "", func(context.Context) (int, error) { panic("x") }, nil, task.Panicked},
		{"Goexit", "", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }, nil, task.Goexited},
		{"cancel", "", sleeper(time.Hour, 1), errBoom, task.Canceled},
		{"cancel ignored", "a task may deny the request, and has what it returned", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 1, nil
		}, errBoom, task.Succeeded},
		{"cancel, then an error of its own", "real errors outrank cancellation", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 1, errors.New("cleaning up failed")
		}, errBoom, task.Failed},
		{"cancel, returned as the cause", "", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 1, context.Cause(ctx)
		}, errBoom, task.Canceled},
		{"a Canceled of something else", "the task was not cancelled", func(context.Context) (int, error) {
			return 1, context.Canceled
		}, nil, task.Failed},
		{"a child's panic", "the task itself returned", func(ctx context.Context) (int, error) {
			return task.Go(ctx, func(context.Context) (int, error) { panic("x") }).Await(ctx)
		}, nil, task.Failed},
		{"a child's Goexit", "the task itself returned", func(ctx context.Context) (int, error) {
			return task.Go(ctx, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }).Await(ctx)
		}, nil, task.Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				child := task.Go(t.Context(), tt.fn)
				if tt.cancel != nil {
					synctest.Wait()
					assert.True(t, child.Cancel(tt.cancel))
				}
				_, err := child.Await(context.Background())
				assert.Equal(t, tt.want, child.State(), "error: %v", err)
				assert.Equal(t, err, child.Err())
				assert.Equal(t, tt.want == task.Succeeded, err == nil)
				assert.False(t, child.Cancel(errBoom), "cancelling a finished task says so")
				assert.Equal(t, tt.want, child.State())
			})
		})
	}
}

func TestCancelGivesTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		child := task.Go(t.Context(), func(ctx context.Context) (error, error) {
			err := task.Sleep(ctx, time.Hour)
			return context.Cause(ctx), err
		}, task.Name("job"))
		synctest.Wait()
		child.Cancel(errBoom)
		child.Cancel(errors.New("too late to be the cause"))
		cause, err := child.Await(context.Background())
		assert.Equal(t, errBoom, cause)
		assert.EqualError(t, err, `task: "job" was cancelled: boom`)
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, context.Canceled)
		var ce *task.CanceledError
		require.ErrorAs(t, err, &ce)
		assert.Equal(t, "job", ce.Task)

		child = task.Go(t.Context(), func(ctx context.Context) (error, error) { return nil, task.Sleep(ctx, time.Hour) })
		child.Cancel(nil)
		_, err = child.Await(context.Background())
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestRunDoesNotReportTheErrorItReturns(t *testing.T) {
	boom := errors.New("boom")
	var reported []error
	report := task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) })
	_, err := task.Run(t.Context(), func(context.Context) (int, error) { return 0, boom }, report)
	assert.ErrorIs(t, err, boom)
	assert.Empty(t, reported)
}

func TestRunWaitsForWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left *task.Task[int]
		ended := false
		v, err := task.Run(t.Context(), func(ctx context.Context) (string, error) {
			left = task.Go(ctx, func(ctx context.Context) (int, error) {
				err := task.Sleep(ctx, time.Hour)
				time.Sleep(time.Second) // a clean-up that takes its time
				ended = true
				return 0, err
			})
			return "main", task.Sleep(ctx, time.Second)
		})
		assert.NoError(t, err)
		assert.Equal(t, "main", v)
		assert.True(t, ended)
		assert.Equal(t, task.Canceled, left.State())
		assert.ErrorIs(t, left.Err(), task.ErrRunEnded)
	})
}

func TestNilFuncPanics(t *testing.T) {
	ctx := t.Context()
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { task.Go[int](ctx, nil) })
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { _, _ = task.Run[int](ctx, nil) })
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { _ = task.Group(ctx, nil) })
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { task.OnFinished(nil) })
	one := task.Go(ctx, after(0, 1))
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { one.OnDone(nil) })
}

func TestCurrent(t *testing.T) {
	assert.Nil(t, task.Current())
	assert.Nil(t, task.FromContext(t.Context()))
	var ctxOfTask context.Context
	child := task.Go(t.Context(), func(ctx context.Context) (task.Handle, error) {
		ctxOfTask = ctx
		in := make(chan task.Handle)
		go func() { user.Set("bob"); in <- task.Current() }()
		assert.Equal(t, task.Current(), <-in, "a goroutine that the task starts is part of it")

		inner := task.Go(ctx, func(ctx context.Context) (task.Handle, error) { return task.Current(), nil })
		current, err := inner.Await(ctx)
		assert.NoError(t, err)
		assert.Equal(t, task.Handle(inner), current)
		assert.Equal(t, task.Current(), inner.Parent())
		assert.NoError(t, task.Group(ctx, func(ctx context.Context) error {
			assert.Equal(t, task.Current(), task.FromContext(ctx))
			return nil
		}))
		assert.Equal(t, task.Current(), task.FromContext(ctx))
		assert.Nil(t, task.FromContext(context.Background()))
		return task.Current(), nil
	})
	current, err := child.Await(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, task.Handle(child), current)
	assert.Nil(t, child.Parent())
	assert.Nil(t, task.Current())
	assert.Equal(t, task.Handle(child), task.FromContext(ctxOfTask))
}
