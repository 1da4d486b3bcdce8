package gather

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/heirloom-go/heirloom/internal/latectx"
	"github.com/heirloom-go/heirloom/internal/unheard"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// judge returns err, which a job of a call with ctx returned, in the form in
// which the call is to return it. It reports whether the job gave up rather
// than failed, that is, whether err is only the job's response to the caller's
// cancellation. An error that contains the error of ctx also gets the cause.
//
// judge calls methods of err, which are the user's code, so it must be called
// in the job: a panic in them then counts as a panic of the job.
func judge(ctx context.Context, err error) (told error, gaveUp bool) {
	ctxErr := ctx.Err()
	if ctxErr == nil {
		return err, false
	}
	cause := causeOf(ctx)
	// A time limit of the job's own is a failure, even if the caller's
	// limit has passed too.
	if limit, ok := err.(*task.TimeoutError); ok && cause != error(limit) {
		return err, false
	}
	gaveUp = verdict.Cancelled(err, ctxErr, cause)
	if !verdict.Is(err, ctxErr) || verdict.Is(err, cause) {
		return err, gaveUp
	}
	return fmt.Errorf("%w: %w", err, cause), gaveUp
}

// failures keeps the failures of the jobs of one call, and knows when there are
// enough.
type failures struct {
	policy Policy

	mu  sync.Mutex
	any *kept // nil if no job failed or gave up; most calls need no memory for it
}

// kept holds the failures that are kept.
type kept struct {
	errs   Errors  // at most as many as the policy bears
	gaveUp Errors  // of jobs that gave up, if policy does not count them
	lost   []error // panics that error will not return
	late   bool    // ctx was done already when the last failure to be borne came
}

// add records the failure e of a job; gaveUp says that the job only gave up. If
// that was the last failure the policy allows, add returns the error to cancel
// the other jobs with, and otherwise nil. Failures after that are not kept,
// because most of them are only results of the cancellation, except for panics.
// ctx is the caller's, see safe.
func (f *failures) add(ctx context.Context, e *JobError, gaveUp bool) (last error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.any == nil {
		f.any = new(kept)
	}
	switch a := f.any; {
	case f.enough():
		a.lose(e)
	case gaveUp && f.policy == FailFast:
		if a.gaveUp == nil { // error reports no more than one
			a.gaveUp = Errors{e}
		}
	case gaveUp && f.policy != CollectAll:
		a.gaveUp = append(a.gaveUp, e)
	default:
		a.errs = append(a.errs, e)
		if f.enough() {
			a.late = latectx.IsDone(ctx)
			return e
		}
	}
	return nil
}

// lose records that e is not returned. The caller holds the mutex, or all jobs
// have ended.
func (f *kept) lose(e *JobError) {
	if panicked(e) {
		f.lost = append(f.lost, e)
	}
}

// full reports whether a further failure makes no difference.
func (f *failures) full() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.enough()
}

// enough reports whether there are as many failures as the policy allows. The
// caller holds f.mu, or all jobs have ended.
func (f *failures) enough() bool { return f.any != nil && f.policy.enough(len(f.any.errs)) }

// drop records that the call returns none of the errors.
func (f *failures) drop() {
	if f.any != nil {
		for _, e := range f.any.errs {
			f.any.lose(e)
		}
	}
}

// error returns the error of a call with ctx and total jobs of which the first
// started were started. All of these have ended. If the caller's cancellation kept the
// others from starting, the error says so.
func (f *failures) error(ctx context.Context, total, started int) error {
	var a kept
	if f.any != nil {
		a = *f.any
	}
	errs := a.errs
	if !f.enough() {
		errs = append(errs, a.gaveUp...)
	}
	var failed error
	switch {
	case len(errs) == 0:
	case f.policy == FailFast:
		failed = errs[0]
	default:
		slices.SortFunc(errs, func(a, b *JobError) int { return cmp.Compare(a.Index, b.Index) })
		failed = errs
	}
	if started == total || !latectx.IsDone(ctx) || f.enough() && !a.late {
		return failed
	}
	skipped := newNotStarted(fmt.Sprintf("%d of %d jobs: ", total-started, total), ctx)
	if failed == nil {
		return skipped
	}
	return fmt.Errorf("%w; %w", failed, skipped)
}

// report reports the panics that the call with ctx, which is about to return,
// does not return.
func (f *failures) report(ctx context.Context) {
	if f.any == nil {
		return
	}
	unheard.ReportAll(ctx, f.any.lost)
}

// panicked reports whether e is the error of a job that panicked.
func panicked(e *JobError) bool {
	_, ok := e.Err.(*task.PanicError)
	return ok
}
