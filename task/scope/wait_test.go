package scope_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
)

func TestScopeWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scope.New(t.Context())
		require.NoError(t, s.Wait(t.Context()), "nothing to wait for")
		start := time.Now()
		scope.Go(s, func(ctx context.Context) (int, error) {
			err := task.Sleep(ctx, time.Second)
			scope.Go(s, sleep(time.Second))
			return 0, err
		})
		limited, stop := context.WithTimeoutCause(t.Context(), time.Millisecond, errBroken)
		defer stop()
		require.ErrorIs(t, s.Wait(limited), errBroken)
		require.NoError(t, s.Wait(t.Context()))
		assert.Equal(t, 2*time.Second, time.Since(start), "those that start meanwhile are waited for")

		_, err := scope.Go(s, func(ctx context.Context) (int, error) { return 0, s.Wait(ctx) }).Await(t.Context())
		require.ErrorIs(t, err, task.ErrDeadlock)
	})
}

// Any number of goroutines may wait, and all of them return when the last task has ended.
func TestScopeManyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scope.New(t.Context())
		for n := range 3 {
			scope.Go(s, sleep(time.Duration(n+1)*time.Second))
		}
		start := time.Now()
		var waiting sync.WaitGroup
		for range 10 {
			waiting.Go(func() {
				assert.NoError(t, s.Wait(t.Context()))
				assert.Equal(t, 3*time.Second, time.Since(start))
				assert.Zero(t, s.Len())
			})
		}
		waiting.Wait()
	})
}

// Wait does not return before OnFailure has.
func TestScopeWaitsForCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := false
		s := scope.New(t.Context(), scope.OnFailure(func(task.Handle, error) {
			time.Sleep(time.Minute)
			told = true
		}))
		fail := make(chan struct{})
		failing := scope.Go(s, func(context.Context) (int, error) { <-fail; return 0, errBroken })
		close(fail)
		<-failing.Done()
		limited, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		require.ErrorIs(t, s.Wait(limited), context.DeadlineExceeded)
		require.NoError(t, s.Wait(t.Context()))
		assert.True(t, told)
	})
}

// All callbacks are called, in order, even if an earlier one panics, and the task
// leaves the Scope nevertheless.
func TestScopeOnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		s := scope.New(t.Context(),
			scope.OnEnd(func(h task.Handle) { told = append(told, "first: "+h.State().String()) }),
			scope.OnEnd(func(task.Handle) { runtime.Goexit() }),
			scope.OnFailure(func(h task.Handle, err error) { told = append(told, "third: "+err.Error()) }),
		)
		for _, err := range []error{nil, errBroken} {
			end := make(chan struct{})
			scope.Go(s, func(context.Context) (int, error) { <-end; return 0, err }, task.Unobserved(func(task.Info, error) {}))
			close(end) // when the task's goroutine calls them, and the Goexit ends it
			require.NoError(t, s.Wait(t.Context()))
		}
		assert.Equal(t, []string{"first: succeeded", "first: failed", "third: broken"}, told)
	})
}

// A task of the scope waits for a task that waits for the scope.
func TestScopeWaitInACycle(t *testing.T) {
	for _, delays := range [][2]time.Duration{{0, time.Second}, {time.Second, 0}, {0, 0}} {
		synctest.Test(t, func(t *testing.T) {
			s := scope.New(t.Context())
			ready := make(chan struct{})
			var waiter *task.Task[struct{}]
			member := scope.Go(s, func(ctx context.Context) (struct{}, error) {
				<-ready
				time.Sleep(delays[0])
				return waiter.Await(ctx)
			})
			waiter = task.Start(t.Context(), func(ctx context.Context) error { time.Sleep(delays[1]); return s.Wait(ctx) })
			close(ready)
			_, err := waiter.Await(t.Context())
			_, memberErr := member.Await(t.Context())
			require.ErrorIs(t, errors.Join(err, memberErr), task.ErrDeadlock)
		})
	}
}

// A task may find itself in the Scope before the call of Go that starts it has
// returned.
func TestScopeHasATaskFromItsBeginning(t *testing.T) {
	s := scope.New(t.Context())
	var wrong atomic.Int32
	for range 5000 {
		scope.Go(s, func(context.Context) (int, error) {
			if !s.Has(task.Current()) {
				wrong.Add(1)
			}
			return 0, nil
		})
	}
	require.NoError(t, s.Wait(t.Context()))
	assert.Zero(t, wrong.Load())
}
