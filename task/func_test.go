package task_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

var errBoom = errors.New("boom")

// ending is what Call passed to its callback, and whether Call returned.
type ending struct {
	value    int
	err      error
	times    int
	returned bool
}

// call runs fn in a goroutine of its own, which a Goexit may end.
func call(fn task.Func[int]) (got ending) {
	var wg sync.WaitGroup
	wg.Go(func() {
		fn.Call(context.Background(), func(v int, err error) {
			got.value, got.err = v, err
			got.times++
		})
		got.returned = true
	})
	wg.Wait()
	return got
}

func TestFuncCallDistinguishesEndings(t *testing.T) {
	tests := []struct {
		name     string
		reason   string
		fn       task.Func[int]
		value    int
		is       error // nil: no error
		panicked any   // not nil: a *PanicError with this value
		returned bool
	}{
		{
			name:     "value",
			reason:   "the ordinary end",
			fn:       func(context.Context) (int, error) { return 42, nil },
			value:    42,
			returned: true,
		},
		{
			name:     "value and error",
			reason:   "a function may return both, as io.Reader does, and neither is dropped",
			fn:       func(context.Context) (int, error) { return 42, errBoom },
			value:    42,
			is:       errBoom,
			returned: true,
		},
		{
			name:     "panic",
			reason:   "a panic with a plain value",
			fn:       func(context.Context) (int, error) { panic("kaboom") },
			panicked: "kaboom",
			returned: true,
		},
		{
			name:     "panic with an error",
			reason:   "errors.Is sees through the panic",
			fn:       func(context.Context) (int, error) { panic(fmt.Errorf("wrapped: %w", errBoom)) },
			is:       errBoom,
			panicked: fmt.Errorf("wrapped: %w", errBoom),
			returned: true,
		},
		{
			name:     "panic with nil",
			reason:   "recover alone would read as no panic on older settings",
			fn:       func(context.Context) (int, error) { panic(nil) }, //nolint:govet // the point of the case
			panicked: new(runtime.PanicNilError),
			returned: true,
		},
		{
			name:   "Goexit",
			reason: "nothing returns and nothing panics",
			fn:     func(context.Context) (int, error) { runtime.Goexit(); return 1, nil },
			is:     task.ErrGoexit,
		},
		{
			name:   "Goexit, then a panic in a deferred call",
			reason: "the Goexit goes on after the panic is recovered, and the panic must not get lost",
			fn: func(context.Context) (int, error) {
				defer panic("late")
				runtime.Goexit()
				return 1, nil
			},
			panicked: "late",
		},
		{
			name:   "panic, then Goexit in a deferred call",
			reason: "the runtime abandons the panic, so only the Goexit is reported",
			fn: func(context.Context) (int, error) {
				defer runtime.Goexit()
				panic("abandoned")
			},
			is: task.ErrGoexit,
		},
		{
			name:     "an error that is ErrGoexit",
			reason:   "returning what a child ended with is an ordinary return",
			fn:       func(context.Context) (int, error) { return 7, task.ErrGoexit },
			value:    7,
			is:       task.ErrGoexit,
			returned: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEmpty(t, tt.reason)
			got := call(tt.fn)
			assert.Equal(t, 1, got.times, "end must be called exactly once")
			assert.Equal(t, tt.returned, got.returned)
			assert.Equal(t, tt.value, got.value)
			if tt.is != nil {
				assert.ErrorIs(t, got.err, tt.is)
			}
			if tt.panicked != nil {
				var pe *task.PanicError
				require.ErrorAs(t, got.err, &pe)
				assert.Equal(t, tt.panicked, pe.Value)
			}
			if tt.is == nil && tt.panicked == nil {
				assert.NoError(t, got.err)
			}
		})
	}
}

func TestFuncCallPassesTheContextOn(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, "here")
	fn := task.Func[any](func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil })
	fn.Call(ctx, func(v any, err error) {
		assert.NoError(t, err)
		assert.Equal(t, "here", v)
	})
}

func TestFuncCallOfNilPanics(t *testing.T) {
	assert.PanicsWithValue(t, task.ErrNilFunc, func() {
		task.Func[int](nil).Call(context.Background(), func(int, error) {})
	})
}

func ExampleFunc_Call() {
	var fn task.Func[int] = func(context.Context) (int, error) {
		panic("no such luck")
	}
	fn.Call(context.Background(), func(_ int, err error) {
		var pe *task.PanicError
		fmt.Println(errors.As(err, &pe), pe.Value)
	})
	// Output: true no such luck
}
