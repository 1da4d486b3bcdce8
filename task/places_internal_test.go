package task

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// However many are queued, a search looks at those that somebody waits for.
func TestSearchLooksAtFewOfVeryManyQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := Run(t.Context(), func(ctx context.Context) (struct{}, error) {
			out := ctx
			outer := Start(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
			return struct{}{}, Group(ctx, func(ctx context.Context) error {
				holder := Start(ctx, func(ctx context.Context) error { _, err := outer.Await(ctx); return err })
				var queued []*Task[struct{}]
				for range 10_000 {
					queued = append(queued, Start(ctx, func(context.Context) error { return nil }))
				}
				waiter := Start(out, func(ctx context.Context) error { _, err := queued[5000].Await(ctx); return err })
				synctest.Wait()
				p := holder.places()
				assert.Equal(t, 1, p.awaited.Len())
				s := newSearch(&outer.node)
				assert.True(t, s.has(&queued[5000].node))
				assert.True(t, s.has(&waiter.node))
				assert.Less(t, len(s.found), 10)
				return nil
			}, Limit(1))
		})
		require.NoError(t, err)
	})
}
