package gather

import (
	"context"
	"fmt"
	"time"
)

// TimeoutError is the error of a job that failed after the time that [Timeout]
// gives it. It matches [context.DeadlineExceeded] as well as what it wraps.
type TimeoutError struct {
	// After is the time that the job had.
	After time.Duration

	// Err is what the job returned when it noticed.
	Err error
}

// Error says how much time the job had, and what it returned.
func (e *TimeoutError) Error() string {
	if e.Err == nil || e.Err == context.DeadlineExceeded {
		return fmt.Sprintf("timed out after %v", e.After)
	}
	return fmt.Sprintf("timed out after %v: %v", e.After, e.Err)
}

// Unwrap returns what the job returned, and [context.DeadlineExceeded].
func (e *TimeoutError) Unwrap() []error {
	if e.Err == nil {
		return []error{context.DeadlineExceeded}
	}
	return []error{e.Err, context.DeadlineExceeded}
}

// Timeout reports true, as it does for every error that is a timeout: see
// [net.Error].
func (e *TimeoutError) Timeout() bool { return true }

// timing returns fn with a context that is done after d.
func timing[T, R any](fn func(context.Context, T) (R, error), d time.Duration) func(context.Context, T) (R, error) {
	cause := &TimeoutError{After: d}
	return func(ctx context.Context, item T) (R, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, d, cause)
		defer cancel()
		v, err := fn(ctx, item)
		// Not so if the caller's own deadline, or a cancellation, came first.
		if err != nil && context.Cause(ctx) == error(cause) {
			err = &TimeoutError{After: d, Err: err}
		}
		return v, err
	}
}
