package gather

import (
	"context"
	"time"

	"github.com/heirloom-go/heirloom/task"
)

// timing returns fn with a context that is done after d.
func timing[T, R any](fn func(context.Context, T) (R, error), d time.Duration) func(context.Context, T) (R, error) {
	cause := &task.TimeoutError{After: d}
	return func(ctx context.Context, item T) (R, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, d, cause)
		defer cancel()
		v, err := fn(ctx, item)
		// This does not apply if the caller's own deadline, or a cancellation,
		// came first.
		if err != nil && context.Cause(ctx) == error(cause) {
			if err == error(cause) {
				err = nil // it says no more than the limit
			}
			err = &task.TimeoutError{After: d, Err: err}
		}
		return v, err
	}
}

// TimeoutError is the error of a job that failed after the limit set with
// [Timeout]. It is the same type as that of a task.
type TimeoutError = task.TimeoutError
