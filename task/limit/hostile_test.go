package limit_test

import (
	"context"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	case <-time.After(3 * time.Second):
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
