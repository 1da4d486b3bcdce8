package supervise_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task/supervise"
)

func TestDeadlineBetweenTwoRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		err := supervise.Run(ctx, func(context.Context) error { return errors.New("x") },
			supervise.Backoff(func(int, error) time.Duration { return time.Minute }), supervise.OnFailure(func(supervise.Failure) {}))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, context.Canceled)
	})
}
