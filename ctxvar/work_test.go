package ctxvar_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// effective returns the value of tenant that applies in a function that is given ctx.
func effective(ctx context.Context) string {
	if value, ok := tenant.In(ctxvar.Effective(ctx)); ok {
		return value
	}
	return "none"
}

// lazyWorker starts a worker in the goroutine that calls it, as pools do for the first
// job. do makes it do a job, and stop ends it.
func lazyWorker() (do func(job func()), stop func()) {
	jobs := make(chan func())
	go func() {
		for job := range jobs {
			job()
		}
	}()
	return func(job func()) {
		done := make(chan struct{})
		jobs <- func() {
			defer close(done)
			job()
		}
		<-done
	}, func() { close(jobs) }
}

func TestEffectiveInAWork(t *testing.T) {
	var do func(func())
	var first, second context.Context
	ctxvar.Work(func() {
		tenant.Set("acme")
		var stop func()
		do, stop = lazyWorker()
		t.Cleanup(stop)
		first = ctxvar.NewContext(t.Context())
		tenant.Set("set after NewContext")
		assert.Equal(t, "set after NewContext", effective(first), "within the same work, the goroutine's are newer")
		assert.Nil(t, inGoroutine(func() {
			assert.Equal(t, "set after NewContext", effective(first), "a child of the same work")
			tenant.Set("child")
			assert.Equal(t, "child", effective(first))
		}))
		ctxvar.Copy().Run(func() {
			tenant.Set("run")
			assert.Equal(t, "run", effective(first), "a Run of a copy is of the same work")
		})
		_ = task.Group(t.Context(), func(ctx context.Context) error {
			task.Go(ctx, func(context.Context) (int, error) {
				assert.Equal(t, "set after NewContext", effective(first), "and a task")
				return 0, nil
			})
			return nil
		})
		ctxvar.Detach(func() { assert.Equal(t, "acme", effective(first), "Detach is of no work") })
		assert.Equal(t, "set after NewContext", effective(t.Context()), "a ctx that carries nothing")
	})
	ctxvar.Work(func() {
		tenant.Set("bravo")
		second = ctxvar.NewContext(t.Context())
		assert.Equal(t, "acme", effective(first), "what was passed on purpose outranks what is here")
		do(func() {
			assert.Equal(t, "acme", tenant.Get(), "a plain Get has what the worker inherited")
			assert.Equal(t, "bravo", effective(second))
			ctxvar.RunFrom(second, func() {
				assert.Equal(t, "bravo", tenant.Get())
				tenant.Set("job")
				assert.Equal(t, "job", effective(second), "Run takes the work from what it runs")
			})
			assert.Equal(t, "acme", tenant.Get())
		})
		ctxvar.Work(func() {
			tenant.Set("inner")
			assert.Equal(t, "bravo", effective(second), "a work within is another")
		})
	})
}

// Tasks, Groups and calls of package gather take the values of the goroutine, whatever
// ctx they are given, and so does the ctx that they pass on.
func TestEffectiveInTasksOfAWorker(t *testing.T) {
	var do func(func())
	ctxvar.Work(func() {
		tenant.Set("acme")
		var stop func()
		do, stop = lazyWorker()
		t.Cleanup(stop)
	})
	ctxvar.Work(func() {
		tenant.Set("bravo")
		ctx := ctxvar.NewContext(t.Context())
		job := func(want string) func() {
			return func() {
				has := func(ctx context.Context) error {
					assert.Equal(t, want, effective(ctx))
					return nil
				}
				assert.Equal(t, "bravo", effective(ctx), "in the job itself")
				assert.NoError(t, task.Group(ctx, has))
				_, err := task.Go(ctx, func(ctx context.Context) (int, error) { return 0, has(ctx) }).Await(ctx)
				assert.NoError(t, err)
				assert.NoError(t, gather.Each(ctx, []int{1, 2}, func(ctx context.Context, _ int) error { return has(ctx) }))
			}
		}
		do(job("acme"))
		do(func() { ctxvar.RunFrom(ctx, job("bravo")) })
	})
}

// Outside of any work, the goroutine's values are newer only if the snapshot is its
// own.
func TestEffectiveOutsideOfAnyWork(t *testing.T) {
	tenant.Set("acme")
	ctx := ctxvar.NewContext(t.Context())
	tenant.Set("newer")
	assert.Equal(t, "newer", effective(ctx))
	assert.Nil(t, inGoroutine(func() {
		tenant.Set("child")
		assert.Equal(t, "acme", effective(ctx))
		assert.Equal(t, "child", effective(ctxvar.NewContext(t.Context())))
	}))
	do, stop := lazyWorker()
	defer stop()
	tenant.With("bravo", func() {
		ctx := ctxvar.NewContext(t.Context())
		do(func() { assert.Equal(t, "bravo", effective(ctx)) })
	})
}

// A task, and a job that sets something, have a ctx of their own. It carries the values
// at their beginning, or the present ones.
func TestEffectiveInJobsOutsideOfAnyWork(t *testing.T) {
	tenant.Set("caller")
	set := func(ctx context.Context) (int, error) {
		assert.Equal(t, "caller", effective(ctx))
		tenant.Set("job")
		assert.Equal(t, "job", effective(ctx))
		region.With("eu", func() { assert.Equal(t, "job", effective(ctx)) })
		return 0, nil
	}
	_, err := gather.All(t.Context(), set, set, set)
	require.NoError(t, err)
	_, err = gather.Map(t.Context(), []int{1, 2, 3}, func(ctx context.Context, _ int) (int, error) { return set(ctx) }, gather.Limit(2))
	require.NoError(t, err)
	g, ctx := gather.WithContext(t.Context())
	for range 3 {
		g.Go(func() error { _, err := set(ctx); return err })
	}
	require.NoError(t, g.Wait())
	_, err = task.Run(t.Context(), set)
	require.NoError(t, err)
	require.NoError(t, task.Group(t.Context(), func(ctx context.Context) error { _, err := set(ctx); return err }))
}

func TestRunFrom(t *testing.T) {
	tenant.Set("caller")
	ctx := ctxvar.NewContext(t.Context())
	tenant.Set("newer")
	ctxvar.RunFrom(ctx, func() {
		assert.Equal(t, "caller", tenant.Get())
		tenant.Set("gone")
	})
	assert.Equal(t, "newer", tenant.Get())
	ctxvar.RunFrom(ctx, func() { assert.Equal(t, "caller", tenant.Get()) })
	ctxvar.RunFrom(t.Context(), func() { assert.Equal(t, "none", tenant.Get(), "a ctx that carries nothing") })
	for name, end := range ends {
		assert.Nil(t, inGoroutine(func() {
			tenant.Set("before")
			defer func() {
				_ = recover()
				assert.Equal(t, "before", tenant.Get(), name)
			}()
			ctxvar.RunFrom(ctx, end)
		}))
	}
}

func TestWorkEndsHoweverItsFunctionDoes(t *testing.T) {
	for name, end := range ends {
		var ctx context.Context
		assert.Nil(t, inGoroutine(func() {
			tenant.Set("before")
			defer func() {
				_ = recover()
				assert.Equal(t, "before", tenant.Get(), name)
			}()
			ctxvar.Work(func() {
				user.Set("alice")
				tenant.Set("inside")
				ctx = ctxvar.NewContext(t.Context())
				end()
			})
		}))
		ctxvar.RunFrom(ctx, func() { isNobody(t, ctxvar.ErrWorkOver) })
	}
}

func TestLookupErrorSaysWhatToDo(t *testing.T) {
	tests := []struct {
		reason string
		why    error
		want   string
	}{
		{"nothing more is known", nil, "use Lookup"},
		{"a worker of a pool", ctxvar.ErrOutlived, "ctxvar.RunFrom"},
		{"a server that was started so", ctxvar.ErrOtherWork, "ctxvar.Work"},
		{"a job that waited too long", ctxvar.ErrWorkOver, "ctxvar.Work"},
		{"labels of somebody else's", ctxvar.ErrMayBeLost, "ctxvar.Do"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			err := error(&ctxvar.LookupError{Var: "user", Why: tt.why})
			assert.Contains(t, err.Error(), "user")
			assert.Contains(t, err.Error(), tt.want)
			assert.ErrorIs(t, err, ctxvar.ErrUnset)
			for _, other := range tests {
				if other.why != nil {
					assert.Equal(t, other.why == tt.why, errors.Is(err, other.why))
				}
			}
		})
	}
}

func TestSecret(t *testing.T) {
	password := ctxvar.New("password", ctxvar.Secret[string]())
	assert.True(t, password.Secret())
	assert.False(t, tenant.Secret())
	password.Set("hunter2")
	for v := range ctxvar.Copy().All() {
		assert.Equal(t, v.Name() == "password", v.Secret())
	}
}

// Neither a value nor the default, with any verb, at the top or inside of something.
func TestSecretIsNotPrinted(t *testing.T) {
	key := ctxvar.New("key", ctxvar.Default("swordfish"), ctxvar.Secret[string]())
	assert.Equal(t, "swordfish", key.Get())
	value, ok := key.Lookup()
	assert.True(t, ok)
	assert.Equal(t, "swordfish", value)
	token, inner := key.Set("hunter2"), key.Set("hunter2")
	c := ctxvar.Copy()
	ctx := ctxvar.NewContext(context.Background())
	inner.Reset()
	misuse := recovered(inner.Reset)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, shown := range []any{key, token, inner, c, ctx, []any{key, token}, struct{ V any }{key}, misuse} {
			text := fmt.Sprintf(verb, shown)
			for _, secret := range []string{"swordfish", "hunter2"} {
				assert.NotContains(t, text, secret, "%s of %T", verb, shown)
				assert.NotContains(t, text, fmt.Sprintf("%x", secret), "%s of %T", verb, shown)
			}
		}
	}
}

func TestOnLost(t *testing.T) {
	calls := make(chan string, 1)
	ctxvar.OnLost(func() { calls <- tenant.Get() })
	defer ctxvar.OnLost(nil)
	before := ctxvar.LostCount()
	tenant.Set("acme")
	assert.Nil(t, inGoroutine(func() {
		foreignLabels()
		assert.Equal(t, inExact("acme"), tenant.Get())
		assert.Equal(t, !exact, ctxvar.MayBeLost())
		var err *ctxvar.LookupError
		unset := ctxvar.New[int]("unset")
		require.ErrorAs(t, recovered(func() { unset.MustGet() }).(error), &err)
		if exact {
			assert.NoError(t, err.Why)
		} else {
			assert.Equal(t, ctxvar.ErrMayBeLost, err.Why)
		}
		tenant.Set("own")
		assert.Equal(t, !exact, ctxvar.MayBeLost(), "the others are no less lost")
		assert.Nil(t, inGoroutine(func() { assert.Equal(t, !exact, ctxvar.MayBeLost(), "it is inherited") }))
		ctxvar.Work(func() { assert.False(t, ctxvar.MayBeLost()) })
		ctxvar.Detach(func() { assert.False(t, ctxvar.MayBeLost()) })
	}))
	assert.False(t, ctxvar.MayBeLost())
	if exact {
		assert.Zero(t, ctxvar.LostCount())
		return
	}
	assert.Equal(t, "none", <-calls, "in the goroutine, which may use variables there")
	assert.GreaterOrEqual(t, ctxvar.LostCount(), before+1)
}

// What the function sets is seen by the very call that found the goroutine, and is
// kept by it.
func TestOnLostSetsVariables(t *testing.T) {
	if exact {
		t.Skip("nothing is ever lost")
	}
	state := ctxvar.New("state", ctxvar.Default("known"))
	ctxvar.OnLost(func() { state.Set("lost") })
	defer ctxvar.OnLost(nil)
	for reason, first := range map[string]func(){
		"Get":        func() { assert.Equal(t, "lost", state.Get()) },
		"Set":        func() { defer tenant.Set("own").Reset() },
		"Copy":       func() { assert.True(t, ctxvar.Copy().Contains(state)) },
		"NewContext": func() { ctxvar.NewContext(context.Background()) },
		"Work":       func() { ctxvar.Work(func() { assert.Equal(t, "lost", state.Get()) }) },
		"MayBeLost":  func() { assert.True(t, ctxvar.MayBeLost()) },
	} {
		assert.Nil(t, inGoroutine(func() {
			foreignLabels()
			first()
			assert.Equal(t, "lost", state.Get(), reason)
		}))
	}
}

// If the function panics, no Context counts as being run from then on.
func TestOnLostThatPanics(t *testing.T) {
	if exact {
		t.Skip("nothing is ever lost")
	}
	ctxvar.OnLost(func() { panic("lost") })
	defer ctxvar.OnLost(nil)
	c := ctxvar.Copy()
	assert.Nil(t, inGoroutine(func() {
		foreignLabels()
		assert.Equal(t, "lost", recovered(func() { c.Run(func() {}) }))
		assert.NotPanics(t, func() { c.Run(func() {}) })
	}))
}
