package gather

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/heirloom-go/heirloom/internal/unheard"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// judge returns err, which a job of a call with ctx returned, as the call is to
// pass it on. It reports whether the job has not failed but given up: err is
// nothing but the answer to the caller's own cancellation. An error that has
// that in it says the cause, too.
//
// It calls methods of err, which are the user's code, and so is to be called
// where the job is: what they do, as panic, the job does.
func judge(ctx context.Context, err error) (told error, gaveUp bool) {
	ctxErr := ctx.Err()
	if ctxErr == nil {
		return err, false
	}
	cause := causeOf(ctx)
	// A limit of the job's own that it ran into is a failure also once the
	// caller's has passed.
	if limit, ok := err.(*task.TimeoutError); ok && cause != error(limit) {
		return err, false
	}
	gaveUp = verdict.Cancelled(err, ctxErr, cause)
	if !errors.Is(err, ctxErr) || errors.Is(err, cause) {
		return err, gaveUp
	}
	return fmt.Errorf("%w: %w", err, cause), gaveUp
}

// failures keeps what the jobs of one call failed with, and knows when it is
// enough.
type failures struct {
	ctx    context.Context // the caller's
	policy Policy

	mu  sync.Mutex
	any *kept // nil if no job failed, or gave up; most calls need no memory for it
}

// kept is what is kept of the jobs that failed.
type kept struct {
	errs   Errors // at most as many as the policy bears
	gaveUp Errors // of jobs that gave up, if policy does not count them
	lost   Errors // panics that error will not return
	late   bool   // ctx was done already when the last failure to be borne came
}

// add notes that a job failed, or only gave up, with e. It returns the error to
// cancel the other jobs with if that was the last failure to be borne, else nil.
// What fails after that is not kept: most often it is nothing but the
// cancellation. Only a panic never is.
func (f *failures) add(e *JobError, gaveUp bool) (last error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.any == nil {
		f.any = new(kept)
	}
	switch a := f.any; {
	case f.enough():
		a.lose(e)
	case gaveUp && f.policy == FailFast:
		if a.gaveUp == nil { // error tells of no more than one
			a.gaveUp = Errors{e}
		}
	case gaveUp && f.policy != CollectAll:
		a.gaveUp = append(a.gaveUp, e)
	default:
		a.errs = append(a.errs, e)
		if f.enough() {
			a.late = f.ctx.Err() != nil
			return e
		}
	}
	return nil
}

// lose notes that e is not returned. The caller holds the mutex, or all jobs have
// ended.
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

// enough reports whether there are as many failures as the call bears. The
// caller holds f.mu, or all jobs have ended.
func (f *failures) enough() bool { return f.any != nil && f.policy.enough(len(f.any.errs)) }

// drop notes that the call returns none of the errors.
func (f *failures) drop() {
	if f.any != nil {
		for _, e := range f.any.errs {
			f.any.lose(e)
		}
	}
}

// error returns the error of a call of which the first started of total jobs
// were started, and all of these have ended. It tells of those that were not if
// it was the caller who kept them from it.
func (f *failures) error(total, started int) error {
	a := f.any
	if a == nil {
		if started == total || f.ctx.Err() == nil {
			return nil
		}
		a = new(kept)
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
	if started == total || f.ctx.Err() == nil || f.enough() && !a.late {
		return failed
	}
	skipped := newNotStarted(fmt.Sprintf("%d of %d jobs: ", total-started, total), f.ctx)
	if failed == nil {
		return skipped
	}
	return fmt.Errorf("%w; %w", failed, skipped)
}

// report tells those who hear of such of the panics that the call, which is at
// its end, does not return.
func (f *failures) report() {
	if f.any == nil {
		return
	}
	for _, e := range f.any.lost {
		unheard.Report(f.ctx, e)
	}
}

// panicked reports whether e is the error of a job that panicked.
func panicked(e *JobError) bool {
	_, ok := e.Err.(*task.PanicError)
	return ok
}
