package task

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A picture of few tasks looks at few, also among the tasks that each waits for.
func TestPictureOfAWaitForVeryMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := Run(t.Context(), func(ctx context.Context) (struct{}, error) {
			const n, waiters = looks + 1000, 3
			var many []Handle
			for range n {
				many = append(many, Start(ctx, func(ctx context.Context) error { return Sleep(ctx, time.Minute) }))
			}
			all := make([]*Task[struct{}], waiters)
			rows := make([]row, waiters)
			for i := range all {
				all[i] = Start(ctx, func(ctx context.Context) error {
					_, _, err := Wait(ctx, AllCompleted, many...)
					return err
				})
			}
			synctest.Wait()
			for i, w := range all {
				rows[i] = row{w.info(), &w.node}
				assert.Len(t, w.look(nil, few).on, few)
			}
			linkWaits(rows, nil)
			for _, r := range rows {
				assert.Len(t, r.info.WaitsFor, most)
				assert.Equal(t, n-most, r.info.WaitsForMore)
				assert.Zero(t, r.info.Cycle)
			}
			many[0].Cancel(nil)
			synctest.Wait()
			r := []row{{all[0].info(), &all[0].node}}
			linkWaits(r, nil)
			assert.Equal(t, n-most-1, r[0].info.WaitsForMore, "of what was looked at those that have ended do not count")
			return struct{}{}, nil
		})
		require.NoError(t, err)
	})
}

// A call may just have ended, and the task go on.
func TestWaitForACallThatIsOver(t *testing.T) {
	assert.Empty(t, new(node).waitingFor(&inCall))
}
