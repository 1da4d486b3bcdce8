package scope_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
)

// What callbacks panic with is reported, whichever of them do, and so is the failure that
// OnFailure did not hear to the end.
func TestScopeCallbackPanics(t *testing.T) {
	var (
		ends     = func(what any) scope.Option { return scope.OnEnd(func(task.Handle) { panic(what) }) }
		exits    = scope.OnEnd(func(task.Handle) { runtime.Goexit() })
		errFirst = errors.New("first")
		errNext  = errors.New("next")
	)
	for _, tt := range []struct {
		name string
		opts []scope.Option
		want [][]error // in each report
	}{
		{"OnFailure", []scope.Option{scope.OnFailure(func(task.Handle, error) { panic(errFirst) })}, [][]error{{errBroken}, {errFirst}}},
		{"OnFailure exits", []scope.Option{scope.OnFailure(func(task.Handle, error) { runtime.Goexit() })}, [][]error{{errBroken}, {task.ErrGoexit}}},
		{"two", []scope.Option{ends(errFirst), ends(errNext)}, [][]error{{errFirst, errNext}, {errBroken}}},
		{"one exits between", []scope.Option{ends(errFirst), exits, ends(errNext)}, [][]error{{errFirst, errNext}, {errBroken}}},
		{"one exits first", []scope.Option{exits, ends(errNext)}, [][]error{{errNext}, {errBroken}}},
		{"one exits last", []scope.Option{ends(errFirst), exits}, [][]error{{errFirst}, {errBroken}}},
		{"exits alone", []scope.Option{exits}, [][]error{{task.ErrGoexit}, {errBroken}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var reported []error
				_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
					s := scope.New(ctx, tt.opts...)
					scope.Go(s, func(context.Context) (int, error) { return 0, errBroken })
					return 0, s.Wait(ctx)
				}, task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) }))
				require.NoError(t, err)
				require.Len(t, reported, len(tt.want), "%v", reported)
				for i, want := range tt.want {
					for _, w := range want {
						assert.ErrorIs(t, reported[i], w)
					}
				}
			})
		})
	}
}

// exits is an error whose text ends the goroutine that asks for it.
type exits struct{ _ int }

func (*exits) Error() string { runtime.Goexit(); return "" }

// A failure that OnFailure did not hear to the end is reported even if nobody can ask it
// for its text.
func TestScopeReportsAnErrorWithoutText(t *testing.T) {
	failure := &exits{}
	var reported []error
	_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
		s := scope.New(ctx, scope.OnFailure(func(_ task.Handle, err error) { _ = err.Error() }))
		scope.Go(s, func(context.Context) (int, error) { return 0, failure })
		return 0, s.Wait(ctx)
	}, task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) }))
	require.NoError(t, err)
	require.Len(t, reported, 2)
	assert.ErrorIs(t, reported[0], failure)
	assert.ErrorIs(t, reported[1], task.ErrGoexit)
}
