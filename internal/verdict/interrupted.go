package verdict

import "context"

// Interrupted returns the reason why ctx, which is done, has ended: an error
// that is both ctx's error and its cause. It calls methods of the cause, which
// are the user's code, so no lock must be held that they may need. A panic or a Goexit in
// them does not reach the caller.
func Interrupted(ctx context.Context) error {
	err, cause := ErrOf(ctx), context.Cause(ctx)
	switch {
	case cause == nil: // ctx is of the user's type
		return err
	case is(cause, err):
		return cause
	}
	return Errorf("%w: %w", err, cause)
}

// ErrOf returns the error of ctx, which is done. A ctx of the user's type whose Err
// returns nil counts as cancelled.
func ErrOf(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return context.Canceled
}

// is does what Is does, but returns false if a method of err does not return.
func is(err, target error) (found bool) {
	if Same(err, target) {
		return true
	}
	switch err.(type) {
	case interface{ Is(error) bool }, interface{ Unwrap() error }, interface{ Unwrap() []error }:
		Apart(func() { found = Is(err, target) })
	}
	return found
}
