package gather

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/heirloom-go/heirloom/internal/latectx"
	"github.com/heirloom-go/heirloom/internal/verdict"
	"github.com/heirloom-go/heirloom/task"
)

// judge returns err, which a job of a call with ctx returned, in the form in
// which the call is to return it. It reports whether the job gave up rather
// than failed, that is, whether err is only the job's response to the caller's
// cancellation. An error that contains the error of ctx also gets the cause.
//
// judge calls methods of err, which are the user's code, so it must be called
// in the job: a panic in them then counts as a panic of the job. So that such a panic
// does not hide err, judge keeps err in judged until it returns; see besides.
func judge(ctx context.Context, err error, judged *error) (form error, gaveUp bool) {
	*judged = err
	form, gaveUp = judgement(ctx, err)
	*judged = nil
	return form, gaveUp
}

// judgement does what judge does, but does not record err in judged.
func judgement(ctx context.Context, err error) (form error, gaveUp bool) {
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
	return verdict.Errorf("%w: %w", err, cause), gaveUp
}

// besides returns the error of a job that did not return: how says how it ended. If err
// is not nil, the job itself had returned err, which was being judged.
func besides(err, how error) error {
	if err == nil {
		return how
	}
	return verdict.Beside(err, how)
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
	errs   Errors  // at most as many as the policy allows
	gaveUp Errors  // of jobs that gave up, if policy does not count them
	lost   []error // panics that error will not return
	late   bool    // ctx was done already when the last failure that the policy allows came
}

// add records the failure e of a job; gaveUp says that the job only gave up. If
// that was the last failure the policy allows, add returns the error to cancel
// the other jobs with, and otherwise nil. Failures after that are not kept,
// because most of them are only results of the cancellation, except for panics.
func (f *failures) add(jobs *jobContext, e *JobError, gaveUp bool) (last error) {
	last, kept := f.keep(jobs.Context, e, gaveUp)
	if !kept && panicked(jobs, e) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.any.lost = append(f.any.lost, e)
	}
	return last
}

// keep is add for a caller with ctx, but reports whether it has kept e.
func (f *failures) keep(ctx context.Context, e *JobError, gaveUp bool) (last error, isKept bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.any == nil {
		f.any = new(kept)
	}
	switch a := f.any; {
	case f.enough():
		return nil, false
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
			return e, true
		}
	}
	return nil, true
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
func (f *failures) drop(jobs *jobContext) {
	if f.any != nil {
		for _, e := range f.any.errs {
			if panicked(jobs, e) {
				f.any.lost = append(f.any.lost, e)
			}
		}
	}
}

// error returns the error of a call with ctx and total jobs, of which the first ones,
// started in number, were started and have ended. If the caller's cancellation kept
// the others from starting, the error says so.
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
	return verdict.Errorf("%w; %w", failed, skipped)
}

// report reports the panics that the call with ctx, which is about to return,
// does not return.
func (f *failures) report(ctx context.Context) {
	if f.any != nil {
		task.Report(ctx, f.any.lost...)
	}
}

// all returns all failures, for a call that does not return.
func (f *failures) all() (errs []error) {
	if f.any == nil {
		return nil
	}
	for _, e := range f.any.errs {
		errs = append(errs, e)
	}
	return append(errs, f.any.lost...)
}

// panicked reports whether e contains a panic: of its job, of a function that was called
// for the job, or of a task for which the job waited. A panic that is part of the cause
// with which the jobs were cancelled does not count. jobs is nil in a zero Group. No lock
// may be held, because panicked calls methods of the errors.
func panicked(jobs *jobContext, e *JobError) bool {
	var cause error
	if jobs != nil && jobs.Ended() {
		_, cause = jobs.Why()
	}
	return verdict.Has(e.Err, func(err error) bool {
		return isPanic(err) && !verdict.Has(cause, func(c error) bool { return c == err })
	})
}

func isPanic(err error) bool {
	_, ok := err.(*task.PanicError)
	return ok
}
