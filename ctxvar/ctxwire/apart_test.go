package ctxwire_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var who = ctxvar.New("who", ctxvar.Identity[string]())

// A message of a queue has the values that its ctx carries. It has nothing of the
// goroutine that polls, nor of a message that was being handled when it came.
func TestApart(t *testing.T) {
	wire := ctxwire.NewWire(ctxwire.Protocol{Name: "apart", Apart: true}, ctxwire.Func(attempt, "attempt", nil, func(string) (int, error) { return 2, nil }))
	receive := func(ctx context.Context, in ctxwire.Map, handle func(context.Context)) {
		require.NoError(t, wire.Receive(ctx, in, nil, func(ctx context.Context) error { handle(ctx); return nil }))
	}
	var carries context.Context
	ctxvar.Work(func() {
		tenant.Set("carried")
		who.Set("admin")
		carries = ctxvar.NewContext(t.Context())
	})
	nobody := func() {
		_, ok := who.Lookup()
		assert.False(t, ok)
	}
	ctxvar.Work(func() {
		tenant.Set("poller")
		who.Set("poller")
		receive(t.Context(), nil, func(context.Context) {
			_, ok := tenant.In(ctxvar.Copy())
			assert.False(t, ok, "where ctx carries nothing, nothing is there")
			nobody()
		})
		receive(carries, ctxwire.Map{"attempt": "2"}, func(ctx context.Context) {
			assert.Equal(t, "carried", tenant.Get())
			assert.Equal(t, 2, attempt.Get())
			nobody()
			who.Set("alice")
			receive(ctx, nil, func(context.Context) {
				assert.Equal(t, 2, attempt.Get(), "its ctx says so")
				nobody()
				who.Set("inner")
				assert.Equal(t, "inner", who.Get())
			})
			assert.Equal(t, "alice", who.Get())
		})
		assert.Equal(t, "poller poller", tenant.Get()+" "+who.Get())
	})
}
