package gather

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/task"
)

// A Backoff tells how long to wait before the next attempt of a job, of which
// so many attempts have failed, the last one with err.
type Backoff func(failed int, err error) time.Duration

// Constant waits d before every attempt but the first.
func Constant(d time.Duration) Backoff {
	return func(int, error) time.Duration { return d }
}

// Exponential waits for about first before the second attempt and twice as long
// before each further one, but never longer than most. A random half of each
// wait is left out (what is called equal jitter), so that jobs which failed
// together do not come back together.
//
// Exponential panics with a [*UsageError] if first is not positive or most is
// less than first.
func Exponential(first, most time.Duration) Backoff {
	if first <= 0 || most < first {
		panic(&UsageError{
			Func:    "Exponential",
			Problem: fmt.Sprintf("first wait %v and longest wait %v; it must be 0 < first <= longest", first, most),
		})
	}
	return func(failed int, _ error) time.Duration {
		wait := first
		for n := 1; n < failed && wait < most; n++ {
			// most-wait is not negative, so that nothing overflows.
			wait += min(wait, most-wait)
		}
		half := wait / 2
		return wait - rand.N(half+1)
	}
}

type retry struct {
	attempts  int // 0 is no retry
	wait      Backoff
	retryable func(error) bool
}

// Retry calls a job's function again while it fails with an error for which
// retryable returns true: up to attempts times in all, the first one included,
// with waits between them as wait tells, [Exponential] or [Constant] or a
// function of yours, which sees the error and so can honour what a server asked
// for. A job whose context is done is not tried again, and does not sit out the
// wait. Nor is one that panicked.
//
// Each attempt starts with the variables of the caller: what a failed one set is
// gone. The error of a job that was tried more than once says how often, and
// wraps the last one.
//
// Retry panics with a [*UsageError] if attempts is less than 1, or wait or
// retryable is nil.
func Retry(attempts int, wait Backoff, retryable func(error) bool) Option {
	switch {
	case attempts < 1:
		panic(&UsageError{Func: "Retry", Problem: fmt.Sprintf("%d attempts; at least 1 is needed to run a job", attempts)})
	case wait == nil:
		panic(&UsageError{Func: "Retry", Problem: "nil Backoff; pass Constant(d) or Exponential(first, most)"})
	case retryable == nil:
		panic(&UsageError{Func: "Retry", Problem: "nil function; pass one that says which errors are worth another attempt"})
	}
	return option(func(c *config) { c.retry = retry{attempts, wait, retryable} })
}

// retrying returns fn with attempts as r tells. Every attempt but the first,
// which waited before the job was started, waits for rate if there is one.
func retrying[T, R any](fn func(context.Context, T) (R, error), r retry, rate Limiter) func(context.Context, T) (R, error) {
	return func(ctx context.Context, item T) (R, error) {
		vars := gls.Save()
		for n := 1; ; n++ {
			v, err := fn(ctx, item)
			switch {
			case err == nil:
				return v, nil
			case n < r.attempts && ctx.Err() == nil && r.retryable(err):
			case n == 1:
				return v, err
			default:
				return v, fmt.Errorf("after %d attempts: %w", n, err)
			}
			vars.Restore()
			stopped := task.Sleep(ctx, r.wait(n, err))
			if stopped == nil && rate != nil {
				stopped = rate.Wait(ctx)
			}
			if stopped != nil {
				return v, fmt.Errorf("not tried again after attempt %d: %w: %w", n, stopped, err)
			}
		}
	}
}
