package limit_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/limit"
)

type asks struct{ l *limit.Limiter }

func (a asks) Error() string { return "waiting: " + string(rune('0'+a.l.Waiting())) }

// The methods of a cause are not called while the Limiter is locked.
func TestCauseThatAsksTheLimiter(t *testing.T) {
	l := limit.New(limit.Limit{AtOnce: 1})
	require.NoError(t, l.Acquire(t.Context(), 1))
	ctx, cancel := context.WithCancelCause(t.Context())
	got := make(chan error, 1)
	go func() { got <- l.Acquire(ctx, 1) }()
	for l.Waiting() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel(asks{l})
	select {
	case err := <-got:
		assert.ErrorIs(t, err, context.Canceled)
	case <-time.After(time.Minute):
		t.Fatal("hangs")
	}
	l.Release(1)
}

func TestCauseWhoseMethodsPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(limit.Limit{AtOnce: 1})
		ctx, cancel := context.WithCancelCause(t.Context())
		var none *fs.PathError
		cancel(none)
		assert.NotPanics(t, func() {
			err := l.Acquire(ctx, 1)
			assert.ErrorIs(t, err, context.Canceled)
		})
	})
}

var (
	errFn      = errors.New("fn")
	errRelease = errors.New("release")
)

// A rudeGate counts what is held, and panics.
type rudeGate struct {
	held         int64
	try, release bool // where it panics
}

func (g *rudeGate) Acquire(context.Context, int64) error { g.held++; return nil }

func (g *rudeGate) TryAcquire(int64) bool {
	if g.try {
		panic(errRelease)
	}
	g.held++
	return true
}

func (g *rudeGate) Release(int64) {
	g.held--
	if g.release {
		panic(errRelease)
	}
}

// A panic of Release does not hide how the function ended.
func TestReleasePanicsAfterAFailure(t *testing.T) {
	for _, tt := range []struct {
		name string
		fn   task.Func[int]
		want []error
	}{
		{"success", func(context.Context) (int, error) { return 1, nil }, []error{errRelease}},
		{"error", func(context.Context) (int, error) { return 0, errFn }, []error{errFn, errRelease}},
		{"panic", func(context.Context) (int, error) { panic(errFn) }, []error{errFn, errRelease}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := task.Go(t.Context(), limit.Task(limit.Chain(&rudeGate{release: true}), tt.fn)).Await(t.Context())
			var panicked *task.PanicError
			require.ErrorAs(t, err, &panicked)
			for _, want := range tt.want {
				assert.ErrorIs(t, err, want)
			}
		})
	}
	assert.PanicsWithError(t, "panic: fn; releasing its place: release", func() {
		_, _ = limit.Do(t.Context(), &rudeGate{release: true}, func(context.Context) (int, error) { panic("fn") })
	})
	assert.PanicsWithValue(t, errRelease, func() {
		_, _ = limit.Do(t.Context(), &rudeGate{release: true}, func(context.Context) (int, error) { return 0, nil })
	})
}

// Whatever one gate of a Chain does, no other one stays held.
func TestChainOfGatesThatPanic(t *testing.T) {
	first, last := new(rudeGate), new(rudeGate)
	middle := &rudeGate{try: true, release: true}
	c := limit.Chain(first, middle, last)
	assert.PanicsWithValue(t, errRelease, func() { c.TryAcquire(1) })
	assert.Zero(t, first.held)
	require.NoError(t, c.Acquire(t.Context(), 1))
	assert.PanicsWithValue(t, errRelease, func() { c.Release(1) })
	assert.Zero(t, first.held)
	assert.Zero(t, last.held)
}
