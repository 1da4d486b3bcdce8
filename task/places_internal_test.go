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

// A task may be given its place back just when the ctx of its wait ends. It has one place
// then, and not two.
func TestPlaceThatComesBackAsTheCtxEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlaces(1)
		in := &scope{places: p}
		other, lender := &node{home: in}, &node{home: in}
		_, placed, _ := p.enter(other)
		require.True(t, placed)
		p.claims[lender] = &claim{n: lender, at: -1}
		done := make(chan struct{})
		go lender.takeBack(&until{open: true, done: done})
		synctest.Wait()
		require.Len(t, p.back, 1)

		p.mu.Lock()
		p.free(p.claims[other])
		next, placed := p.next()
		p.mu.Unlock()
		require.True(t, placed)
		close(done) // before the lender is woken
		synctest.Wait()
		next.begin()
		assert.Len(t, p.holders, 1)
		p.release(lender, true)
		assert.Empty(t, p.holders)
	})
}

// The wait that a search has seen may end, because its ctx does, and another one begin.
// That is not in the cycle.
func TestWaitThatBeganAfterTheSearch(t *testing.T) {
	for name, same := range map[string]bool{"for another": false, "for the same": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := Run(t.Context(), func(ctx context.Context) (struct{}, error) {
					limited, stop := context.WithCancel(ctx)
					first := Start(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Hour) })
					next := first
					if !same {
						next = Start(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Minute) })
					}
					waiter := Start(ctx, func(ctx context.Context) error {
						_, _ = first.Await(limited)
						_, err := next.Await(ctx)
						return err
					})
					synctest.Wait()
					s := newSearch(&first.node)
					require.True(t, s.has(&waiter.node))
					stop()
					synctest.Wait()
					assert.False(t, s.endOne([]*node{&waiter.node}))
					_, err := waiter.Await(ctx)
					return struct{}{}, err
				})
				require.NoError(t, err)
			})
		})
	}
}

// A wait is entered before the place is lent. A search at that moment does not take the
// place for one that stays taken, unless the wait does not lend it.
func TestPlaceThatIsAboutToBeLent(t *testing.T) {
	for _, lends := range []bool{true, false} {
		p := newPlaces(1)
		in := &scope{places: p}
		holder, queued := &node{id: 1, home: in}, &node{id: 2, home: in}
		_, placed, _ := p.enter(holder)
		require.True(t, placed)
		queued.enter(Queued)
		_, placed, _ = p.enter(queued)
		require.False(t, placed)
		wt := holder.wait()
		wt.single = terms{until: until{open: true}, lends: lends}
		require.True(t, queued.hang(&wt.hook))
		holder.waitFor.Store(queued)

		s := newSearch(queued)
		assert.True(t, s.has(holder))
		assert.Equal(t, !lends, s.has(&p.all), "lends: %v", lends)
	}
}
