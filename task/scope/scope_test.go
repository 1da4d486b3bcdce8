package scope_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
)

var errBroken = errors.New("broken")

func sleep(d time.Duration) task.Func[int] {
	return func(ctx context.Context) (int, error) { return 1, task.Sleep(ctx, d) }
}

func TestScopeHoldsUpWhatIsAround(t *testing.T) {
	around := map[string]func(ctx context.Context, body func(context.Context)) error{
		"group": func(ctx context.Context, body func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error { body(ctx); return nil })
		},
		"task in a group": func(ctx context.Context, body func(context.Context)) error {
			return task.Group(ctx, func(ctx context.Context) error {
				task.Go(ctx, func(ctx context.Context) (int, error) { body(ctx); return 0, nil })
				return nil
			})
		},
	}
	for name, run := range around {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var background *task.Task[int]
				err := run(t.Context(), func(ctx context.Context) {
					background = scope.Go(scope.New(ctx), sleep(time.Hour))
				})
				require.NoError(t, err)
				assert.Equal(t, task.Succeeded, background.State())
				assert.Equal(t, time.Hour, time.Since(start))
			})
		})
	}
}

func TestScopeWithoutTasksHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := task.Group(t.Context(), func(ctx context.Context) error {
			s := scope.New(ctx)
			for range 3 { // one after the other, so that it is empty in between
				_, err := scope.Go(s, sleep(time.Second)).Await(ctx)
				require.NoError(t, err)
			}
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, 3*time.Second, time.Since(start))
	})
}

// Each kind of failure leaves the siblings and the Group alone, is the result of each
// Await, and is reported once.
func TestScopeFailures(t *testing.T) {
	tests := []struct {
		name, reason string
		fn           task.Func[int]
		state        task.State
		told         bool
	}{
		{"error", "an error is the commonest failure", func(context.Context) (int, error) { return 0, errBroken }, task.Failed, true},
		{"panic", "a panic is one too", func(context.Context) (int, error) { panic(errBroken) }, task.Panicked, true},
		{"goexit", "so is a Goexit, which has no error of its own", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }, 0, true},
		{"cancel", "being cancelled is not a failure", func(ctx context.Context) (int, error) {
			task.FromContext(ctx).Cancel(errBroken)
			return 0, ctx.Err()
		}, task.Canceled, false},
		{"success", "nor is a value", func(context.Context) (int, error) { return 1, nil }, task.Succeeded, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			synctest.Test(t, func(t *testing.T) {
				var told []error
				var mu sync.Mutex
				var failing, sibling *task.Task[int]
				err := task.Group(t.Context(), func(ctx context.Context) error {
					s := scope.New(ctx, scope.OnFailure(func(h task.Handle, err error) {
						mu.Lock()
						defer mu.Unlock()
						assert.Equal(t, "failing", h.Name())
						told = append(told, err)
					}))
					sibling = scope.Go(s, sleep(time.Minute))
					failing = scope.Go(s, tt.fn, task.Name("failing"))
					synctest.Wait()
					mu.Lock()
					assert.Len(t, told, map[bool]int{true: 1}[tt.told], "reported at once, while the sibling runs")
					mu.Unlock()
					assert.Equal(t, 1, s.Len(), "nothing of the failed one is kept")
					return nil
				}, task.Unobserved(func(_ task.Info, err error) { t.Errorf("reported again: %v", err) }))
				require.NoError(t, err, "the Group has not failed")
				if tt.state != 0 {
					assert.Equal(t, tt.state, failing.State())
				}
				assert.Equal(t, task.Succeeded, sibling.State())
				if tt.told {
					require.Len(t, told, 1)
					assert.Same(t, failing.Err(), told[0]) //nolint:testifylint // the very error
				}
			})
		})
	}
}

// Without OnFailure, a failure that nobody looked at is reported like any other.
func TestScopeUnobserved(t *testing.T) {
	var reported []error
	var mu sync.Mutex
	_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
		s := scope.New(ctx)
		seen := scope.Go(s, func(context.Context) (int, error) { return 0, errors.New("awaited") })
		_, err := seen.Await(ctx)
		require.Error(t, err)
		scope.Go(s, func(context.Context) (int, error) { return 0, errBroken })
		return 0, s.Wait(ctx)
	}, task.Unobserved(func(_ task.Info, err error) {
		mu.Lock()
		defer mu.Unlock()
		reported = append(reported, err)
	}))
	require.NoError(t, err)
	assert.Equal(t, []error{errBroken}, reported)
}

func TestScopeCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scope.New(t.Context())
		s.Cancel(errBroken) // nothing to cancel
		first := scope.Go(s, sleep(time.Hour))
		s.Cancel(errBroken)
		second := scope.Go(s, sleep(time.Second))
		_, err := first.Await(t.Context())
		require.ErrorIs(t, err, errBroken)
		assert.Equal(t, task.Canceled, first.State())
		require.NoError(t, s.Wait(t.Context()))
		assert.Equal(t, task.Succeeded, second.State(), "started after Cancel")
		assert.Zero(t, s.Len())
	})
}

func TestScopeEndsWithWhatIsAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var s *scope.Scope
		var child *task.Task[int]
		err := task.Group(ctx, func(ctx context.Context) error {
			s = scope.New(ctx)
			child = scope.Go(s, sleep(time.Hour))
			cancel(errBroken)
			return nil
		})
		require.ErrorIs(t, err, errBroken)
		assert.Equal(t, task.Canceled, child.State())

		ran := false
		late := scope.Go(s, func(context.Context) (int, error) { ran = true; return 0, nil })
		_, err = late.Await(t.Context())
		require.ErrorIs(t, err, task.ErrEnded)
		assert.False(t, ran)
		assert.Zero(t, s.Len())
		require.NoError(t, s.Wait(t.Context()))
	})
}

func TestScopeVariables(t *testing.T) {
	user := ctxvar.New("user", ctxvar.Default("nobody"))
	s := scope.New(t.Context())
	defer user.Set("alice").Reset()
	got, err := scope.Go(s, func(context.Context) (string, error) {
		defer user.Set("changed").Reset()
		return scopeRead(user), nil
	}).Await(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "changed", got)
	assert.Equal(t, "alice", user.Get())
	user.With("bob", func() {
		got, err = scope.Go(s, func(context.Context) (string, error) { return user.Get(), nil }).Await(t.Context())
	})
	require.NoError(t, err)
	assert.Equal(t, "bob", got, "a copy of the variables of the caller of Go")
}

func scopeRead(v *ctxvar.Var[string]) string { return v.Get() }

func TestScopeInTheTree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := task.Go(t.Context(), func(ctx context.Context) (int, error) {
			s := scope.New(ctx)
			child := scope.Go(s, sleep(time.Second), task.Name("to alice"))
			assert.True(t, s.Has(child))
			assert.Equal(t, "server", child.Parent().Name(), "the task that the Scope was made in")
			var tree strings.Builder
			assert.NoError(t, task.WriteTree(&tree))
			assert.Contains(t, tree.String(), "to alice")
			assert.NoError(t, s.Wait(ctx))
			assert.False(t, s.Has(child))
			return 0, nil
		}, task.Name("server"))
		_, err := server.Await(t.Context())
		require.NoError(t, err)
	})
}

// A Scope in a Group with a limit takes no place itself, and does not exceed the limit.
func TestScopeInAGroupWithALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		running := 0
		err := task.Group(t.Context(), func(ctx context.Context) error {
			s := scope.New(ctx)
			for range 3 {
				scope.Go(s, func(ctx context.Context) (int, error) {
					running++
					assert.Equal(t, 1, running)
					defer func() { running-- }()
					return 0, task.Sleep(ctx, time.Second)
				})
			}
			late := scope.Go(s, func(context.Context) (int, error) { t.Error("it ran"); return 0, nil })
			late.Cancel(errBroken) // in the queue
			return s.Wait(ctx)
		}, task.Limit(1))
		require.NoError(t, err)
		assert.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestScopeMisuse(t *testing.T) {
	//lint:ignore SA1012 that is the misuse
	assert.Panics(t, func() { scope.New(nil) })
	s := scope.New(t.Context())
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { scope.Go[int](s, nil) })
	assert.Panics(t, func() { scope.Go(s, sleep(0), nil) }, "a nil option")
	require.NoError(t, s.Wait(t.Context()), "nothing was started")
}

func TestScopeTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scope.New(t.Context())
		for range s.Tasks() {
			t.Error("there is none")
		}
		for _, n := range []int{3, 8, 9, 40} { // only a few are taken at once
			want := make(map[task.Handle]bool)
			for range n {
				want[scope.Go(s, sleep(time.Second))] = true
			}
			for one := range s.Tasks() {
				assert.True(t, want[one], "each once")
				delete(want, one)
				time.Sleep(time.Millisecond) // s is not locked
				assert.Equal(t, n, s.Len())
			}
			assert.Empty(t, want)
			for range s.Tasks() {
				break
			}
			require.NoError(t, s.Wait(t.Context()))
		}
	})
}

// The tasks of which a predicate is true are cancelled, and no others.
func TestScopeCancelOfSome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scope.New(t.Context())
		tasks := make(map[string]*task.Task[int])
		for _, name := range []string{"mail 1", "mail 2", "log"} {
			tasks[name] = scope.Go(s, sleep(time.Second), task.Name(name))
		}
		for one := range s.Tasks() {
			if strings.HasPrefix(one.Name(), "mail") {
				one.Cancel(errBroken)
			}
		}
		require.NoError(t, s.Wait(t.Context()))
		require.ErrorIs(t, tasks["mail 1"].Err(), errBroken)
		require.ErrorIs(t, tasks["mail 2"].Err(), errBroken)
		require.NoError(t, tasks["log"].Err())
	})
}

func TestHooksMustNotBeNil(t *testing.T) {
	for name, option := range map[string]func(){
		"OnEnd":     func() { scope.OnEnd(nil) },
		"OnFailure": func() { scope.OnFailure(nil) },
	} {
		var e *ctxvar.UsageError
		func() {
			defer func() { e, _ = recover().(*ctxvar.UsageError) }()
			option()
		}()
		if assert.NotNil(t, e, name) {
			assert.Equal(t, "scope."+name, e.Func)
		}
	}
}
