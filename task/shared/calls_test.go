package shared_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/shared"
)

var errBroken = errors.New("broken")

// counting returns a function that takes a second and returns how often it was
// called.
func counting(calls *atomic.Int32) func(context.Context, string) (string, error) {
	return func(ctx context.Context, key string) (string, error) {
		n := calls.Add(1)
		return fmt.Sprint(key, n), task.Sleep(ctx, time.Second)
	}
}

func TestLateComersJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		s := shared.New(t.Context(), counting(&calls))
		var wg sync.WaitGroup
		for n := range 10 {
			wg.Go(func() {
				time.Sleep(time.Duration(n) * 90 * time.Millisecond)
				v, err := s.Do(t.Context(), "a")
				assert.NoError(t, err)
				assert.Equal(t, "a1", v)
			})
		}
		wg.Go(func() {
			time.Sleep(50 * time.Millisecond)
			v, err := s.Do(t.Context(), "b")
			assert.NoError(t, err)
			assert.Equal(t, "b2", v, "another key is another task")
		})
		time.Sleep(60 * time.Millisecond)
		assert.Equal(t, 2, s.Len())
		wg.Wait()
		assert.Zero(t, s.Len())
		v, err := s.Do(t.Context(), "a")
		require.NoError(t, err)
		assert.Equal(t, "a3", v, "nothing is cached")
	})
}

// The first caller is like any other: when it leaves, the others go on.
func TestLeaderLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		s := shared.New(t.Context(), counting(&calls))
		leader, cancel := context.WithCancelCause(t.Context())
		left := make(chan error)
		go func() {
			_, err := s.Do(leader, "a")
			left <- err
		}()
		synctest.Wait()
		follower := make(chan string)
		go func() {
			v, err := s.Do(t.Context(), "a")
			assert.NoError(t, err)
			follower <- v
		}()
		synctest.Wait()
		start := time.Now()
		cancel(errBroken)
		err := <-left
		require.ErrorIs(t, err, errBroken)
		assert.Zero(t, time.Since(start), "a caller waits no longer than its ctx")
		assert.Equal(t, "a1", <-follower)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestLastOneLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		hold := make(chan struct{})
		var calls atomic.Int32
		s := shared.New(t.Context(), func(ctx context.Context, key string) (int, error) {
			n := int(calls.Add(1))
			if n == 1 {
				<-ctx.Done()
				ended <- context.Cause(ctx)
				<-hold // ends when it wants to
				return 0, ctx.Err()
			}
			return n, nil
		})
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			go func() {
				_, err := s.Do(ctx, "a")
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			}()
			synctest.Wait() // the second joins
		}
		require.ErrorIs(t, <-ended, shared.ErrAbandoned)
		synctest.Wait()
		assert.Zero(t, s.Len(), "a task that is being cancelled may not be joined")
		v, err := s.Do(t.Context(), "a")
		require.NoError(t, err, "the result of the cancelled one")
		assert.Equal(t, 2, v)
		close(hold)
	})
}

func TestHowTasksEnd(t *testing.T) {
	tests := []struct {
		name, reason string
		fn           func(context.Context, string) (int, error)
		check        func(t *testing.T, v int, err error)
	}{
		{"value", "the commonest end", func(context.Context, string) (int, error) { return 7, nil }, func(t *testing.T, v int, err error) {
			require.NoError(t, err)
			assert.Equal(t, 7, v)
		}},
		{"error", "an error is a result too", func(context.Context, string) (int, error) { return 0, errBroken }, func(t *testing.T, _ int, err error) {
			require.Equal(t, errBroken, err)
		}},
		{"panic", "singleflight ends the program", func(context.Context, string) (int, error) { panic(errBroken) }, func(t *testing.T, _ int, err error) {
			var pe *task.PanicError
			require.ErrorAs(t, err, &pe)
			assert.Equal(t, errBroken, pe.Value)
			assert.ErrorIs(t, err, errBroken)
		}},
		{"goexit", "singleflight has the callers end as well", func(context.Context, string) (int, error) { runtime.Goexit(); return 0, nil }, func(t *testing.T, _ int, err error) {
			require.ErrorIs(t, err, task.ErrGoexit)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			synctest.Test(t, func(t *testing.T) {
				err := task.Group(t.Context(), func(ctx context.Context) error {
					s := shared.New(ctx, func(ctx context.Context, key string) (int, error) {
						_ = task.Sleep(ctx, time.Second)
						return tt.fn(ctx, key)
					})
					var wg sync.WaitGroup
					for range 3 {
						wg.Go(func() {
							v, err := s.Do(ctx, "a")
							tt.check(t, v, err)
						})
					}
					wg.Wait()
					assert.Zero(t, s.Len(), "the key is free")
					return nil
				}, task.Unobserved(func(_ task.Info, err error) { t.Errorf("reported too: %v", err) }))
				require.NoError(t, err, "the failure is the callers' and not the Group's")
			})
		})
	}
}

func TestVariablesAndCtxAreNotTheLeaders(t *testing.T) {
	user := ctxvar.New("user", ctxvar.Default("nobody"))
	type key struct{}
	var s *shared.Calls[int, string]
	user.With("server", func() {
		s = shared.New(context.WithValue(t.Context(), key{}, "server"), func(ctx context.Context, n int) (string, error) {
			seen := fmt.Sprint(user.Get(), " ", ctx.Value(key{}))
			user.Set("changed by a call")
			return seen, nil
		})
	})
	user.With("alice", func() {
		for n := range 2 {
			v, err := s.Do(context.WithValue(t.Context(), key{}, "alice"), n)
			require.NoError(t, err)
			assert.Equal(t, "server server", v, "as they were when New was called")
			assert.Equal(t, "alice", user.Get())
		}
	})
}

func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		s := shared.New(t.Context(), counting(&calls))
		s.Forget("a") // nothing to forget
		first := make(chan string)
		go func() {
			v, err := s.Do(t.Context(), "a")
			assert.NoError(t, err)
			first <- v
		}()
		time.Sleep(500 * time.Millisecond)
		s.Forget("a")
		second := make(chan string)
		go func() {
			v, err := s.Do(t.Context(), "a")
			assert.NoError(t, err)
			second <- v
		}()
		assert.Equal(t, "a1", <-first)
		synctest.Wait()
		assert.Equal(t, 1, s.Len(), "the end of the first leaves the second alone")
		assert.Equal(t, "a2", <-second)
	})
}

func TestScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var s *shared.Calls[string, string]
		var calls atomic.Int32
		err := task.Group(ctx, func(ctx context.Context) error {
			s = shared.New(ctx, counting(&calls))
			go func() {
				_, err := s.Do(t.Context(), "a")
				assert.ErrorIs(t, err, errBroken, "cancelled with its scope")
			}()
			synctest.Wait()
			cancel(errBroken)
			return nil
		})
		require.ErrorIs(t, err, errBroken)
		_, err = s.Do(t.Context(), "a")
		require.ErrorIs(t, err, task.ErrEnded)
		assert.Zero(t, s.Len())
		assert.EqualValues(t, 1, calls.Load())
	})
}

func TestWaitsForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *shared.Calls[int, int]
		s = shared.New(t.Context(), func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				return s.Do(ctx, 0)
			}
			v, err := s.Do(ctx, n-1)
			return v + 1, err
		})
		_, err := s.Do(t.Context(), 0)
		require.ErrorIs(t, err, task.ErrDeadlock)
		_, err = s.Do(t.Context(), 3)
		require.ErrorIs(t, err, task.ErrDeadlock, "through others")
		assert.Zero(t, s.Len())
	})
}

// A key's String method is the user's code, and may do anything.
type talkative struct{ s *shared.Calls[talkative, int] }

func (k talkative) String() string { return fmt.Sprint(k.s.Len()) }

func TestKeys(t *testing.T) {
	nan := shared.New(t.Context(), func(context.Context, float64) (int, error) { return 1, nil })
	v, err := nan.Do(t.Context(), math.NaN())
	require.NoError(t, err)
	assert.Equal(t, 1, v)
	assert.Zero(t, nan.Len(), "a key that does not equal itself can't be found again")

	s := shared.New(t.Context(), func(context.Context, talkative) (int, error) { return 2, nil })
	v, err = s.Do(t.Context(), talkative{s})
	require.NoError(t, err)
	assert.Equal(t, 2, v)
}

func TestInTheTree(t *testing.T) {
	server, err := task.Run(t.Context(), func(ctx context.Context) (string, error) {
		s := shared.New(ctx, func(ctx context.Context, key string) (string, error) {
			me := task.FromContext(ctx)
			return me.Parent().Name() + "/" + me.Name(), nil
		})
		return s.Do(t.Context(), "alice")
	}, task.Name("server"))
	require.NoError(t, err)
	assert.Equal(t, "server/alice", server)
}

func TestMisuse(t *testing.T) {
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { shared.New[int, int](t.Context(), nil) })
	fn := func(context.Context, int) (int, error) { return 0, nil }
	//lint:ignore SA1012 that is the misuse
	assert.Panics(t, func() { shared.New(nil, fn) })
}

// Two keys need each other, and any caller may ask for either.
func TestKeysThatWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls *shared.Calls[string, int]
		calls = shared.New(t.Context(), func(ctx context.Context, key string) (int, error) {
			time.Sleep(time.Second)
			return calls.Do(ctx, map[string]string{"a": "b", "b": "a"}[key])
		})
		_, err := calls.Do(t.Context(), "a")
		require.ErrorIs(t, err, task.ErrDeadlock)
		assert.Contains(t, err.Error(), `"a" waits for "b"`)
	})
}
