package gather

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// A Backoff returns how long to wait before the next attempt of a job after
// failed attempts have failed, the last one with err.
type Backoff func(failed int, err error) time.Duration

// Constant waits d before every attempt but the first.
func Constant(d time.Duration) Backoff {
	return func(int, error) time.Duration { return d }
}

// Exponential waits for about first before the second attempt, and for twice as
// long before each further one, but never for longer than most. Each wait is
// shortened by a random part of up to a half (equal jitter), so that jobs which
// failed together do not try again together.
//
// Exponential panics with a [*UsageError] if first is not positive or most is
// less than first.
func Exponential(first, most time.Duration) Backoff {
	if first <= 0 || most < first {
		panic(&UsageError{
			Func:    "gather.Exponential",
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
// retryable returns true, up to attempts times in all, including the first.
// wait determines the waits between attempts: [Exponential], [Constant] or a
// function of yours. That function receives the error, and so can respect a
// delay that a server asked for. When the context of the job is done, the wait
// ends and the job is not tried again. A job that panicked is not tried again
// either. A job whose context does not end with its scope, because of
// [context.WithoutCancel], is tried again even when the scope is ending: it may be
// a clean-up, and attempts limits it.
//
// Each attempt starts with the caller's variables; what a failed attempt set is
// discarded. The error of a job that was tried more than once includes the
// number of attempts, and wraps the last error. If wait or retryable panics, the
// job is not tried again, and its error wraps both the last error and a
// [*task.PanicError].
//
// Retry panics with a [*UsageError] if attempts is less than 1, or wait or
// retryable is nil.
func Retry(attempts int, wait Backoff, retryable func(error) bool) Option {
	switch {
	case attempts < 1:
		panic(&UsageError{Func: "gather.Retry", Problem: fmt.Sprintf("%d attempts; at least 1 is needed to run a job", attempts)})
	case wait == nil:
		panic(&UsageError{Func: "gather.Retry", Problem: "nil Backoff; pass Constant(d) or Exponential(first, most)"})
	case retryable == nil:
		panic(&UsageError{Func: "gather.Retry", Problem: "nil function; pass one that says which errors are worth another attempt"})
	}
	return option(func(c *config) { c.retry = retry{attempts, wait, retryable} })
}

// retrying returns fn with the attempts that r asks for. Before the job was
// started it waited for rate, if there is one; every further attempt waits for
// it too.
func retrying[T, R any](fn func(context.Context, T) (R, error), r retry, rate Limiter) func(context.Context, T) (R, error) {
	return func(ctx context.Context, item T) (R, error) {
		vars := gls.Save()
		for n := 1; ; n++ {
			v, err := fn(ctx, item)
			if err == nil {
				return v, nil
			}
			again, stopped := false, error(nil)
			if n < r.attempts && ctx.Err() == nil {
				stopped = after(ctx, err, func() error { again = r.retryable(err); return nil })
			}
			switch {
			case again || stopped != nil:
			case n == 1:
				return v, err
			default:
				return v, verdict.Errorf("after %d attempts: %w", n, err)
			}
			vars.Restore()
			if stopped == nil {
				stopped = after(ctx, err, func() error { return r.pause(ctx, n, err, rate) })
			}
			if stopped != nil {
				return v, verdict.Errorf("not tried again after attempt %d: %w: %w", n, stopped, err)
			}
		}
	}
}

// pause waits until the attempt that follows the n-th, which failed with err, may
// begin.
func (r retry) pause(ctx context.Context, n int, err error, rate Limiter) error {
	if stopped := task.Sleep(ctx, r.wait(n, err)); stopped != nil || rate == nil {
		return stopped
	}
	return rate.Wait(ctx)
}

// after calls f, which calls functions of the user's, once a job has failed. A panic
// of f is its error, so that it does not hide the failure. After a Goexit, nobody can
// return the failure, and it is reported.
func after(ctx context.Context, failure error, f func() error) (stopped error) {
	returned := false
	task.Func[struct{}](func(context.Context) (struct{}, error) {
		err := f()
		returned = true
		return struct{}{}, err
	}).Call(ctx, func(_ struct{}, err error) {
		if stopped = err; !returned && err == task.ErrGoexit {
			task.Report(ctx, failure)
		}
	})
	return stopped
}
