package shared_test

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
	"github.com/heirloom-go/heirloom/task/shared"
)

// A callback may use the Calls, even that of a task that was refused, and even for the
// same key: it joins that call.
func TestCallbackOfARefusedTaskUsesTheCalls(t *testing.T) {
	var errs []error
	for name, use := range map[string]func(calls *shared.Calls[int, int], key int){
		"Len": func(calls *shared.Calls[int, int], _ int) { calls.Len() },
		"the key": func(calls *shared.Calls[int, int], key int) {
			_, err := calls.Do(context.Background(), key)
			errs = append(errs, err)
		},
		"another key": func(calls *shared.Calls[int, int], _ int) {
			_, err := calls.Do(context.Background(), 2)
			errs = append(errs, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var calls *shared.Calls[int, int]
			_ = task.Group(t.Context(), func(ctx context.Context) error {
				calls = shared.New(ctx, func(context.Context, int) (int, error) { return 1, nil },
					scope.OnEnd(func(h task.Handle) {
						key, _ := strconv.Atoi(h.Name())
						use(calls, key)
					}))
				return nil
			})
			errs = nil
			got := make(chan error, 1)
			go func() { _, err := calls.Do(context.Background(), 1); got <- err }()
			select {
			case err := <-got:
				assert.ErrorIs(t, err, task.ErrEnded)
			case <-time.After(time.Minute):
				t.Fatal("hangs")
			}
			for _, err := range errs {
				assert.ErrorIs(t, err, task.ErrEnded)
			}
			assert.Zero(t, calls.Len())
		})
	}
}

// A stubborn is a ctx whose method Done calls do, once.
type stubborn struct {
	context.Context
	do atomic.Pointer[func()]
}

func (s *stubborn) Done() <-chan struct{} {
	if do := s.do.Swap(nil); do != nil {
		(*do)()
	}
	return nil
}

// While the ctx of the Calls keeps a task from starting, callers may leave, and if there
// is none in the end, those who wait for it start another.
func TestTaskThatCannotStart(t *testing.T) {
	for name, end := range map[string]func(){"panics": func() { panic("asked") }, "exits": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := &stubborn{Context: t.Context()}
				calls := shared.New(ctx, func(context.Context, string) (int, error) { return 1, nil })
				hold := make(chan struct{})
				do := func() { <-hold; end() }
				ctx.do.Store(&do)
				go func() {
					defer func() { _ = recover() }()
					_, _ = calls.Do(t.Context(), "key")
				}()
				synctest.Wait()
				limited, stop := context.WithTimeout(t.Context(), time.Second)
				defer stop()
				_, err := calls.Do(limited, "key")
				require.ErrorIs(t, err, context.DeadlineExceeded)
				got := make(chan int, 1)
				go func() { v, _ := calls.Do(t.Context(), "key"); got <- v }()
				synctest.Wait()
				close(hold)
				assert.Equal(t, 1, <-got)
				_, err = calls.Do(t.Context(), "key")
				require.NoError(t, err)
				assert.Zero(t, calls.Len())
			})
		})
	}
}

// A late is a ctx that has ended, but only says so when what it waits for has come.
type late struct {
	context.Context
	until func()
}

func (l *late) Done() <-chan struct{} {
	l.until()
	return l.Context.Done()
}

// A caller whose ctx ends just when the task has been started, and has ended too, gets the
// result, as with Await.
func TestCtxEndsAsTheTaskStarts(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			ctx := &stubborn{Context: t.Context()}
			calls := shared.New(ctx, func(context.Context, string) (int, error) { return 1, nil })
			hold := make(chan struct{})
			do := func() { <-hold }
			ctx.do.Store(&do)
			go func() { _, _ = calls.Do(t.Context(), "key") }()
			synctest.Wait()
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			release := sync.OnceFunc(func() {
				close(hold)
				synctest.Wait()
			})
			v, err := calls.Do(&late{ended, release}, "key")
			require.NoError(t, err)
			assert.Equal(t, 1, v)
		})
	}
}
