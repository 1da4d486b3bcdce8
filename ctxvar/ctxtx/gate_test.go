package ctxtx_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxtx"
)

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := adapter.NewGate()
		leave, err := gate.Enter(t.Context(), "Query")
		require.NoError(t, err)
		nested, err := gate.Enter(t.Context(), "Exec")
		require.NoError(t, err, "it does not wait for itself")
		nested()

		inGoroutine(func() {
			_, ok := gate.TryEnter()
			assert.False(t, ok, "the inner leave has ended nothing")

			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBoom)
			defer cancel()
			_, err := gate.Enter(ctx, "Exec")
			typed := requireError(t, "Exec", ctxtx.ErrShared, err)
			assert.Equal(t, errBoom, typed.Cause)
		})

		entered := make(chan struct{})
		go func() {
			leave, err := gate.Enter(t.Context(), "Exec")
			assert.NoError(t, err)
			close(entered)
			time.Sleep(time.Hour)
			leave()
		}()
		synctest.Wait()
		select {
		case <-entered:
			assert.Fail(t, "it is not its turn")
		default:
		}
		leave()
		<-entered
		leave() // once more, while it is another one's turn
		_, ok := gate.TryEnter()
		assert.False(t, ok)

		leave, err = gate.Enter(t.Context(), "Exec") // after an hour
		require.NoError(t, err)
		leave()
		leave, ok = gate.TryEnter()
		assert.True(t, ok)
		leave()
	})
}
