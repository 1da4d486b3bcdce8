package jobs

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The goroutine of a timer may have to wait for a processor for longer than a command
// takes.
func TestTimeIsUpBeforeTheTimer(t *testing.T) {
	for range 1000 {
		ctx, look, stop := new(Processes).within(t.Context(), 1, errTimeout)
		for began := time.Now(); time.Since(began) <= 1; {
		}
		look()
		require.Equal(t, errTimeout, context.Cause(ctx))
		stop()
	}
}

func TestTimeOfASuspensionDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ps Processes
		ctx, look, stop := ps.within(t.Context(), time.Second, errTimeout)
		defer stop()
		ps.Suspend()
		time.Sleep(time.Hour)
		look()
		assert.NoError(t, ctx.Err(), "suspended")
		ps.Resume()
		time.Sleep(time.Second - 1)
		look()
		assert.NoError(t, ctx.Err(), "it goes on")
		time.Sleep(time.Nanosecond)
		look()
		assert.Equal(t, errTimeout, context.Cause(ctx))
	})
}
