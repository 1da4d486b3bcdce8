package task

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// However many tasks are in a list, only a few are looked at while it is locked, and no
// more than requested, even if the list grows in the meantime.
func TestLookAtAFewOfVeryMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := Run(t.Context(), func(ctx context.Context) (struct{}, error) {
			const n = 2000
			m := new(Members)
			more := func() *Task[struct{}] {
				return Start(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Hour) }, MemberOf(m))
			}
			for range n {
				more()
			}
			loop := Start(ctx, func(ctx context.Context) error { return m.Until(ctx, make(chan struct{})) }, MemberOf(m))
			synctest.Wait()

			nodes, unseen := m.look(&loop.node, 100)
			assert.Len(t, nodes, 100)
			assert.Equal(t, n-100, unseen, "but for the one that waits")
			nodes, unseen = m.look(&loop.node, n)
			assert.Len(t, nodes, n)
			assert.Zero(t, unseen)
			looked := 0
			for range m.nodes() { // as look does
				more()
				looked++
			}
			assert.Equal(t, n+1, looked, "what comes meanwhile is not looked at")

			// Each step of a loop ends, whatever it meets.
			marks := make([]*member, 3*handful)
			for i := range marks {
				marks[i] = new(member)
				m.mark(marks[i])
			}
			mark := marks[len(marks)-1] // the first of all
			room := make([]*node, 0, handful)
			for range 2 {
				some, more := m.take(mark, room)
				assert.Empty(t, some, "marks of other loops")
				assert.True(t, more)
			}
			some, left := m.take(mark, room)
			assert.Len(t, some, 1)
			assert.True(t, left)
			for _, x := range marks {
				m.unmark(x)
			}

			rows := []row{{loop.info(), &loop.node}}
			linkWaits(rows, nil)
			assert.Len(t, rows[0].info.WaitsFor, most)
			assert.Equal(t, m.Len()-1-most, rows[0].info.WaitsForMore)
			return struct{}{}, nil
		})
		require.NoError(t, err)
	})
}
