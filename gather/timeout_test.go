package gather_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := gather.Map(t.Context(), upTo(4), func(ctx context.Context, i int) (int, error) {
			switch i {
			case 0:
				return 0, pause(ctx, 3*time.Second)
			case 1:
				<-ctx.Done()
				return 0, errCrash
			case 2:
				time.Sleep(3 * time.Second) // does not heed it
				return 2, nil
			}
			return 3, pause(ctx, time.Second)
		}, gather.Timeout(2*time.Second), gather.OnError(gather.CollectAll))
		var errs gather.Errors
		require.ErrorAs(t, err, &errs)
		require.Len(t, errs, 2)
		assert.EqualError(t, errs[0], "gather: job 0: timed out after 2s")
		assert.EqualError(t, errs[1], "gather: job 1: timed out after 2s: crash")
		assert.ErrorIs(t, errs[1], errCrash)
		for _, err := range errs {
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			var timeout *task.TimeoutError
			require.ErrorAs(t, err, &timeout)
			assert.Equal(t, 2*time.Second, timeout.After)
			assert.True(t, timeout.Timeout())
		}
	})
}

// If a job returns the cause of its context, that adds nothing to the limit's error.
func TestTimeoutReturnedAsTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := gather.Each(t.Context(), upTo(1), func(ctx context.Context, i int) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, gather.Timeout(time.Minute))
		assert.EqualError(t, err, "gather: job 0: timed out after 1m0s")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestTimeoutOfTheCallerIsNotTheJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := gather.Each(ctx, upTo(1), func(ctx context.Context, i int) error {
			return pause(ctx, time.Hour)
		}, gather.Timeout(time.Minute))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		var timeout *task.TimeoutError
		assert.NotErrorAs(t, err, &timeout)
	})
}

func TestTimeoutCountsFromTheStartOfAJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := gather.Each(t.Context(), upTo(10), func(ctx context.Context, i int) error {
			return pause(ctx, time.Second)
		}, gather.Timeout(2*time.Second), gather.Limit(1))
		require.NoError(t, err)
	})
}
