package gather

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// failures keeps what the jobs of one call failed with, and knows when it is
// enough.
type failures struct {
	ctx    context.Context // the caller's
	policy Policy

	mu   sync.Mutex
	errs Errors
}

// add notes that job i failed with err. It returns the error to cancel the
// other jobs with if that was the last failure to be borne, else nil. What fails
// after that is not noted: most often it is nothing but the cancellation.
func (f *failures) add(i int, err error) (last error) {
	e := &JobError{Index: i, Err: withCause(f.ctx, err)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.enough() {
		return nil
	}
	f.errs = append(f.errs, e)
	if f.enough() {
		return e
	}
	return nil
}

// enough reports whether there are as many failures as the call bears. The
// caller holds f.mu, or all jobs have ended.
func (f *failures) enough() bool { return f.policy.enough(len(f.errs)) }

// callBy gives the failures the names of their jobs, once all jobs have ended.
// Not before, since name is the caller's function and may panic; and in copies,
// for a job may hold on to the one that it was shown as its context's cause.
func (f *failures) callBy(name func(i int) string) {
	for n, e := range f.errs {
		f.errs[n] = &JobError{Index: e.Index, Name: name(e.Index), Err: e.Err}
	}
}

// error returns the error of a call of which the first started of total jobs
// were started, and all of these have ended.
func (f *failures) error(total, started int) error {
	if f.policy == FailFast && len(f.errs) > 0 {
		return f.errs[0]
	}
	var skipped error
	if started < total && !f.enough() {
		skipped = fmt.Errorf("%w: %d of %d jobs: %w", ErrNotStarted, total-started, total, context.Cause(f.ctx))
	}
	switch {
	case len(f.errs) == 0:
		return skipped
	case skipped == nil:
		return f.sorted()
	default:
		return fmt.Errorf("%w; %w", f.sorted(), skipped)
	}
}

func (f *failures) sorted() Errors {
	slices.SortFunc(f.errs, func(a, b *JobError) int { return cmp.Compare(a.Index, b.Index) })
	return f.errs
}

// withCause returns the error of a job so that it also tells why ctx, the
// caller's, was cancelled, if it is nothing but that.
func withCause(ctx context.Context, err error) error {
	if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	cause := context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}
