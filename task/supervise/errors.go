package supervise

import (
	"errors"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// ErrReturned is the failure of a [Permanent] function that returned without an
// error.
var ErrReturned = errors.New("supervise: the function returned, and it is to run for ever")

// A LimitError is the error of [Run] if the function failed more often than
// [MaxRestarts] allows.
type LimitError struct {
	Name     string        // of the function
	Restarts int           // how many restarts are allowed
	Within   time.Duration // in which time
	Err      error         // the last failure
}

// Error returns the name of the function, the limit, and the last failure.
func (e *LimitError) Error() string {
	return fmt.Sprintf("supervise: %q failed again after %d restarts within %v: %v", e.Name, e.Restarts, e.Within, e.Err)
}

// Unwrap returns Err.
func (e *LimitError) Unwrap() error { return e.Err }

// A UsageError is the panic value of the options of this package for arguments
// that can never work.
type UsageError = ctxvar.UsageError
