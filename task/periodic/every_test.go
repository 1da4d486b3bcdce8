package periodic_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/periodic"
)

var errBroken = errors.New("broken")

const s = time.Second

func TestWhen(t *testing.T) {
	tests := []struct {
		name, reason string
		opts         []periodic.Option
		last         []time.Duration // how long each run lasts
		begin        []time.Duration // when each begins, in a period of ten seconds
		skipped      []int
	}{
		{"in time", "a run that takes a while does not shift the next one",
			nil, []time.Duration{s, 9 * s, 0, s}, []time.Duration{10 * s, 20 * s, 30 * s, 40 * s}, []int{0, 0, 0, 0}},
		{"at once", "with Now the first one is not waited for",
			[]periodic.Option{periodic.Now()}, []time.Duration{s, s, s}, []time.Duration{0, 10 * s, 20 * s}, []int{0, 0, 0}},
		{"just in time", "a run that ends when the next one is due has missed nothing",
			nil, []time.Duration{10 * s, s}, []time.Duration{10 * s, 20 * s}, []int{0, 0}},
		{"skip", "what is missed is left out, and the clock stays the same",
			nil, []time.Duration{25 * s, 11 * s, s}, []time.Duration{10 * s, 40 * s, 60 * s}, []int{0, 2, 1}},
		{"skip to now", "a time that is due right at the end is not missed",
			nil, []time.Duration{20 * s, s}, []time.Duration{10 * s, 30 * s}, []int{0, 1}},
		{"catch up", "what is missed is made up for, without overlapping",
			[]periodic.Option{periodic.CatchUp(math.MaxInt)}, []time.Duration{35 * s, s, s, s, s},
			[]time.Duration{10 * s, 45 * s, 46 * s, 47 * s, 50 * s}, []int{0, 0, 0, 0, 0}},
		{"catch up with some", "the oldest of too many are left out",
			[]periodic.Option{periodic.CatchUp(1)}, []time.Duration{35 * s, s, s},
			[]time.Duration{10 * s, 45 * s, 50 * s}, []int{0, 2, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var begin []time.Duration
				var skipped []int
				err := periodic.Every(t.Context(), 10*s, func(context.Context) error {
					tick := periodic.Current.Get()
					begin = append(begin, time.Since(start))
					skipped = append(skipped, tick.Skipped)
					assert.Equal(t, len(begin), tick.Run)
					assert.Zero(t, tick.Due.Sub(start)%(10*s), "in step")
					assert.False(t, tick.Due.After(time.Now()))
					time.Sleep(tt.last[len(begin)-1])
					if len(begin) == len(tt.last) {
						return periodic.ErrStop
					}
					return nil
				}, tt.opts...)
				require.NoError(t, err)
				assert.Equal(t, tt.begin, begin)
				assert.Equal(t, tt.skipped, skipped)
			})
		})
	}
}

func TestFailures(t *testing.T) {
	tests := []struct {
		name, reason string
		fn           func(context.Context) error
		is           error
	}{
		{"error", "the commonest failure", func(context.Context) error { return errBroken }, errBroken},
		{"panic", "a panic would else end the program", func(context.Context) error { panic(errBroken) }, errBroken},
		{"goexit", "a Goexit would else end the caller", func(context.Context) error { runtime.Goexit(); return nil }, task.ErrGoexit},
		{"cancelled", "that somebody cancels one run is no end of all", func(ctx context.Context) error {
			task.FromContext(ctx).Cancel(errBroken)
			return ctx.Err()
		}, errBroken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				require.ErrorIs(t, periodic.Every(t.Context(), s, tt.fn), tt.is)
				assert.Equal(t, s, time.Since(start), "the first failure ends it")

				var told []periodic.Failure
				n := 0
				err := periodic.Every(t.Context(), s, func(ctx context.Context) error {
					if n++; n == 4 {
						return periodic.ErrStop
					}
					return tt.fn(ctx)
				}, periodic.Name("tick"), periodic.OnFailure(func(f periodic.Failure) { told = append(told, f) }))
				require.NoError(t, err)
				require.Len(t, told, 3, "each is reported once")
				for i, f := range told {
					require.ErrorIs(t, f.Err, tt.is)
					assert.Equal(t, "tick", f.Name)
					assert.Equal(t, i+1, f.Tick.Run)
				}
			})
		})
	}
}

func TestFailureHookPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := periodic.Every(t.Context(), s, func(context.Context) error { return errBroken },
			periodic.OnFailure(func(periodic.Failure) { panic("mine") }))
		var pe *task.PanicError
		require.ErrorAs(t, err, &pe)
		assert.Equal(t, "mine", pe.Value)
		require.ErrorIs(t, err, errBroken)
	})
}

// A slow hook makes the function miss the times at which it is due.
func TestFailureHookIsPartOfTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var skipped []int
		err := periodic.Every(t.Context(), s, func(context.Context) error {
			tick := periodic.Current.Get()
			skipped = append(skipped, tick.Skipped)
			if tick.Run == 2 {
				return periodic.ErrStop
			}
			return errBroken
		}, periodic.OnFailure(func(periodic.Failure) { time.Sleep(2*s + s/2) }))
		require.NoError(t, err)
		assert.Equal(t, []int{0, 2}, skipped)
	})
}

func TestEndsWithItsScope(t *testing.T) {
	tests := []struct {
		name, reason string
		fn           func(context.Context) error
		after        time.Duration
		check        func(t *testing.T, err error)
	}{
		{"between runs", "the wait ends at once", func(context.Context) error { return nil }, s + s/2, func(t *testing.T, err error) {
			var ce *task.CanceledError
			require.ErrorAs(t, err, &ce)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, errBroken)
		}},
		{"in a run", "the run is cancelled and waited for", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, s + s/2, func(t *testing.T, err error) {
			require.ErrorIs(t, err, errBroken)
		}},
		{"in a run that succeeds", "cancelling is asking", func(ctx context.Context) error { <-ctx.Done(); return nil }, s + s/2, func(t *testing.T, err error) {
			require.ErrorIs(t, err, errBroken)
		}},
		{"in a run that fails", "a failure while it is cancelled is returned", func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("flush failed")
		}, s + s/2, func(t *testing.T, err error) { require.EqualError(t, err, "flush failed") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(tt.after, func() { cancel(errBroken) })
				start := time.Now()
				err := periodic.Every(ctx, s, tt.fn, periodic.OnFailure(func(f periodic.Failure) { t.Errorf("reported: %v", f.Err) }))
				tt.check(t, err)
				assert.Equal(t, tt.after, time.Since(start))
			})
		})
	}
}

// The tasks that a run leaves behind are part of the run.
func TestRunsNeverOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live, n := 0, 0
		err := periodic.Every(t.Context(), s, func(ctx context.Context) error {
			assert.Zero(t, live)
			live++
			task.Go(ctx, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				time.Sleep(3 * s)
				live--
				return 0, ctx.Err()
			})
			if n++; n == 3 {
				return periodic.ErrStop
			}
			return nil
		})
		require.NoError(t, err)
		assert.Zero(t, live)
	})
}

func TestGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var name, parent string
		runs := 0
		child := periodic.Go(t.Context(), s, func(ctx context.Context) error {
			runs++
			me := task.FromContext(ctx)
			name, parent = me.Name(), me.Parent().Name()
			return nil
		}, periodic.Name("refresh"))
		time.Sleep(2*s + s/2)
		child.Cancel(nil)
		<-child.Done()
		assert.Equal(t, task.Canceled, child.State(), "cancelled, and not failed")
		assert.Equal(t, "refresh", parent)
		assert.Equal(t, "refresh#2", name)
		assert.Equal(t, 2, runs)
	})
}

func TestVariables(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user := ctxvar.New("user", ctxvar.Default("nobody"))
		defer user.Set("alice").Reset()
		err := periodic.Every(t.Context(), s, func(context.Context) error {
			assert.Equal(t, "alice", user.Get(), "what an earlier run set is gone")
			user.Set("mallory")
			if periodic.Current.Get().Run == 2 {
				return periodic.ErrStop
			}
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, "alice", user.Get())
		assert.Zero(t, periodic.Current.Get())
	})
}

func TestScopeHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		require.NoError(t, task.Group(t.Context(), func(ctx context.Context) error {
			kept = context.WithoutCancel(ctx)
			return nil
		}))
		err := periodic.Every(kept, s, func(context.Context) error { t.Error("it ran"); return nil },
			periodic.OnFailure(func(f periodic.Failure) { t.Errorf("reported: %v", f.Err) }))
		require.ErrorIs(t, err, task.ErrEnded)
	})
}

func TestTickString(t *testing.T) {
	due := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	assert.Equal(t, "run 7, due at 03:04:05", periodic.Tick{Run: 7, Due: due}.String())
	assert.Equal(t, "run 7, due at 03:04:05, 2 skipped", periodic.Tick{Run: 7, Due: due, Skipped: 2}.String())
}

func TestMisuse(t *testing.T) {
	fn := func(context.Context) error { return nil }
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { _ = periodic.Every(t.Context(), s, nil) })
	assert.PanicsWithValue(t, task.ErrNilFunc, func() { periodic.Go(t.Context(), s, nil) })
	for name, call := range map[string]func(){
		"no period":           func() { _ = periodic.Every(t.Context(), 0, fn) },
		"no period of a task": func() { periodic.Go(t.Context(), -1, fn) },
		"nothing to catch up": func() { periodic.CatchUp(0) },
		"nil hook":            func() { periodic.OnFailure(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				var ue *periodic.UsageError
				err, _ := recover().(error)
				require.ErrorAs(t, err, &ue)
				assert.NotEmpty(t, ue.Problem)
			}()
			call()
		})
	}
}

// A Goexit in OnFailure ends the goroutine of Every, which then can't return the failure,
// and reports it, whatever its text does.
func TestGoexitInOnFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errFailed := &exits{}
		var reported []error
		_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
			return 0, periodic.Every(ctx, time.Second, func(context.Context) error { return errFailed },
				periodic.OnFailure(func(periodic.Failure) { runtime.Goexit() }))
		}, task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) }))
		assert.ErrorIs(t, err, task.ErrGoexit)
		require.Len(t, reported, 1)
		assert.ErrorIs(t, reported[0], errFailed)
	})
}

// exits is an error whose text ends the goroutine that asks for it.
type exits struct{ _ int }

func (*exits) Error() string { runtime.Goexit(); return "" }

// A silentCtx is done, and does not say why.
type silentCtx struct{ context.Context }

func (silentCtx) Err() error            { return nil }
func (silentCtx) Done() <-chan struct{} { done := make(chan struct{}); close(done); return done }

func TestCtxThatDoesNotSayWhyItIsDone(t *testing.T) {
	err := periodic.Every(silentCtx{t.Context()}, time.Hour, func(context.Context) error { t.Error("it ran"); return nil })
	assert.EqualError(t, err, `task: "periodic" was cancelled: context canceled`)
	assert.ErrorIs(t, err, context.Canceled)
}
