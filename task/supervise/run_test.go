package supervise_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	"github.com/heirloom-go/heirloom/task/supervise"
)

var errBroken = errors.New("broken")

// told collects failures.
type told struct {
	mu   sync.Mutex
	list []supervise.Failure
}

func (t *told) hear() supervise.Option {
	return supervise.OnFailure(func(f supervise.Failure) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.list = append(t.list, f)
	})
}

// Every way to fail is a failure. It is reported once and at once, and the function is
// run again.
func TestFailures(t *testing.T) {
	tests := []struct {
		name, reason string
		fail         func(context.Context) error
		is           error
	}{
		{"error", "the commonest failure", func(context.Context) error { return errBroken }, errBroken},
		{"panic", "a panic would else end the program", func(context.Context) error { panic(errBroken) }, errBroken},
		{"goexit", "a Goexit would else end the supervisor", func(context.Context) error { runtime.Goexit(); return nil }, task.ErrGoexit},
		{"cancelled run", "a run that somebody cancels is restarted, as a process that is killed is in Erlang", func(ctx context.Context) error {
			task.FromContext(ctx).Cancel(errBroken)
			return ctx.Err()
		}, errBroken},
		{"context error", "an error that says cancelled is a failure while ctx is not", func(context.Context) error { return context.Canceled }, context.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			synctest.Test(t, func(t *testing.T) {
				var failures told
				runs := 0
				err := supervise.Run(t.Context(), func(ctx context.Context) error {
					if runs++; runs > 3 {
						return nil
					}
					time.Sleep(time.Duration(runs) * time.Second)
					return tt.fail(ctx)
				}, supervise.Name("listener"), failures.hear(), supervise.Delay(time.Second, time.Minute))
				require.NoError(t, err)
				require.Len(t, failures.list, 3)
				for i, f := range failures.list {
					require.ErrorIs(t, f.Err, tt.is)
					assert.Equal(t, "listener", f.Name)
					assert.Equal(t, i+1, f.Run)
					assert.Equal(t, i+1, f.Failed)
					assert.Equal(t, time.Duration(i+1)*time.Second, f.Ran)
					want := time.Second << i
					assert.GreaterOrEqual(t, want, f.Wait)
					assert.LessOrEqual(t, want/2, f.Wait)
				}
			})
		})
	}
}

func TestCancel(t *testing.T) {
	tests := []struct {
		name, reason string
		fn           func(context.Context) error
		after        time.Duration
		check        func(t *testing.T, err error)
	}{
		{"while it runs", "what the run returns is returned", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, time.Second, func(t *testing.T, err error) { require.ErrorIs(t, err, errBroken) }},
		{"and it succeeds", "cancelling is asking", func(ctx context.Context) error {
			<-ctx.Done()
			return nil
		}, time.Second, func(t *testing.T, err error) { require.NoError(t, err) }},
		{"and it fails", "a failure while it is cancelled is returned, and not retried", func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("flush failed")
		}, time.Second, func(t *testing.T, err error) { require.EqualError(t, err, "flush failed") }},
		{"between two runs", "the wait ends at once", func(context.Context) error {
			return errors.New("failed")
		}, time.Second, func(t *testing.T, err error) {
			var ce *task.CanceledError
			require.ErrorAs(t, err, &ce)
			require.ErrorIs(t, err, errBroken)
			require.ErrorIs(t, err, context.Canceled)
		}},
	}
	for _, tt := range tests {
		for _, permanent := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				require.NotEmpty(t, tt.reason)
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancelCause(t.Context())
					time.AfterFunc(tt.after, func() { cancel(errBroken) })
					start := time.Now()
					var failures told
					opts := []supervise.Option{failures.hear(), supervise.Delay(time.Hour, time.Hour)}
					if permanent {
						opts = append(opts, supervise.Permanent())
					}
					err := supervise.Run(ctx, tt.fn, opts...)
					tt.check(t, err)
					assert.Equal(t, tt.after, time.Since(start))
				})
			})
		}
	}
}

// If a task that supervises is cancelled between two runs, it is cancelled and has not
// failed.
func TestGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var name, parent string
		child := supervise.Go(t.Context(), func(ctx context.Context) error {
			me := task.FromContext(ctx)
			name, parent = me.Name(), me.Parent().Name()
			return errBroken
		}, supervise.Name("listener"), supervise.OnFailure(func(supervise.Failure) {}))
		time.Sleep(time.Minute)
		child.Cancel(nil)
		<-child.Done()
		assert.Equal(t, task.Canceled, child.State())
		assert.Equal(t, "listener", child.Name())
		assert.Equal(t, "listener", parent)
		assert.Contains(t, name, "listener#")
	})
}

func TestEscalation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sibling *task.Task[struct{}]
		err := task.Group(t.Context(), func(ctx context.Context) error {
			sibling = supervise.Go(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			supervise.Go(ctx, func(context.Context) error { return errBroken }, supervise.MaxRestarts(3, time.Hour),
				supervise.OnFailure(func(supervise.Failure) {}))
			return nil
		})
		var le *supervise.LimitError
		require.ErrorAs(t, err, &le)
		assert.Equal(t, task.Canceled, sibling.State())
	})
}

// A panic of a function given to an option ends Run, and the error has the failure for
// which it was called.
func TestOptionsPanic(t *testing.T) {
	for name, opt := range map[string]supervise.Option{
		"OnFailure": supervise.OnFailure(func(supervise.Failure) { panic("mine") }),
		"RestartIf": supervise.RestartIf(func(error) bool { panic("mine") }),
		"Backoff":   supervise.Backoff(func(int, error) time.Duration { panic("mine") }),
	} {
		t.Run(name, func(t *testing.T) {
			err := supervise.Run(t.Context(), func(context.Context) error { return errBroken }, opt)
			var pe *task.PanicError
			require.ErrorAs(t, err, &pe)
			assert.Equal(t, "mine", pe.Value)
			require.ErrorIs(t, err, errBroken)
		})
	}
}

func TestCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		err := supervise.Run(t.Context(), func(ctx context.Context) error {
			a := supervise.Current.Get()
			seen = append(seen, a.String())
			if a.Run == 3 {
				return nil
			}
			return errBroken
		}, supervise.OnFailure(func(supervise.Failure) {}))
		require.NoError(t, err)
		assert.Equal(t, []string{"run 1", "run 2, after: broken", "run 3, after: broken"}, seen)
		assert.Zero(t, supervise.Current.Get(), "it is the run's")
	})
}

func TestVariables(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user := ctxvar.New("user", ctxvar.Default("nobody"))
		defer user.Set("alice").Reset()
		runs := 0
		err := supervise.Run(t.Context(), func(context.Context) error {
			assert.Equal(t, "alice", user.Get(), "what an earlier run set is gone")
			user.Set("mallory")
			if runs++; runs == 2 {
				return nil
			}
			return errBroken
		}, supervise.OnFailure(func(supervise.Failure) {}))
		require.NoError(t, err)
		assert.Equal(t, "alice", user.Get())
	})
}

// In a scope that has ended, the function is not tried again.
func TestScopeHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		require.NoError(t, task.Group(t.Context(), func(ctx context.Context) error {
			kept = context.WithoutCancel(ctx)
			return nil
		}))
		err := supervise.Run(kept, func(context.Context) error { t.Error("it ran"); return nil })
		require.ErrorIs(t, err, task.ErrEnded)
	})
}

func TestFailuresAreLogged(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(old)
	synctest.Test(t, func(t *testing.T) {
		_ = supervise.Run(t.Context(), func(context.Context) error { return errBroken },
			supervise.Name("listener"), supervise.MaxRestarts(1, time.Hour))
	})
	assert.Equal(t, 1, strings.Count(log.String(), "name=listener"), log.String())
	assert.Contains(t, log.String(), "level=WARN")
	assert.Contains(t, log.String(), "name=listener run=1")
	assert.Contains(t, log.String(), "err=broken")
}

func TestMisuse(t *testing.T) {
	fn := func(context.Context) error { return nil }
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { _ = supervise.Run(t.Context(), nil) })
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { supervise.Go(t.Context(), nil) })
	for name, option := range map[string]func() supervise.Option{
		"negative restarts": func() supervise.Option { return supervise.MaxRestarts(-1, time.Second) },
		"no time":           func() supervise.Option { return supervise.MaxRestarts(1, 0) },
		"no delay":          func() supervise.Option { return supervise.Delay(0, time.Second) },
		"shorter longest":   func() supervise.Option { return supervise.Delay(2, 1) },
		"nil backoff":       func() supervise.Option { return supervise.Backoff(nil) },
		"nil predicate":     func() supervise.Option { return supervise.RestartIf(nil) },
		"nil hook":          func() supervise.Option { return supervise.OnFailure(nil) },
		"stable at once":    func() supervise.Option { return supervise.Stable(0) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				var ue *supervise.UsageError
				err, _ := recover().(error)
				require.ErrorAs(t, err, &ue)
				assert.NotEmpty(t, ue.Problem)
			}()
			_ = supervise.Run(t.Context(), fn, option())
		})
	}
}

// Each failure has one recipient. OnFailure gets the failures after which the function
// is run again. The last one goes to the Group around it, which returns it or, if it is
// a supervisor that goes on, has it reported.
func TestEachFailureIsReportedOnce(t *testing.T) {
	for name, failFast := range map[string]bool{"Group": true, "supervisor": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []int
				runs := 0
				note := func(err error) {
					var n numbered
					if errors.As(err, &n) {
						told = append(told, int(n))
					}
				}
				err := task.Group(t.Context(), func(ctx context.Context) error {
					supervise.Go(ctx, func(context.Context) error { runs++; return numbered(runs) },
						supervise.MaxRestarts(3, time.Hour), supervise.OnFailure(func(f supervise.Failure) { note(f.Err) }))
					return task.Sleep(ctx, time.Hour)
				}, task.FailFast(failFast), task.Unobserved(func(_ task.Info, err error) { note(err) }))
				require.Error(t, err)
				note(err)
				assert.Equal(t, []int{1, 2, 3, 4}, told)
			})
		})
	}
}

type numbered int

func (n numbered) Error() string { return fmt.Sprint("failure ", int(n)) }
