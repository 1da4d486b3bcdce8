package verdict

import (
	"context"
	"errors"
	"fmt"
)

// Interrupted returns why ctx, which is done, is: an error that is both ctx's error
// and its cause. It calls methods of the cause, which are its author's, so no lock
// must be held that they may need; it survives a panic of them.
func Interrupted(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	switch {
	case cause == nil: // ctx is of a type of somebody's own
		return err
	case is(cause, err):
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// is is errors.Is, and false if that panics.
func is(err, target error) (same bool) {
	defer func() {
		if recover() != nil {
			same = false
		}
	}()
	return errors.Is(err, target)
}
