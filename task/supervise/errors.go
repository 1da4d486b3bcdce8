package supervise

import (
	"errors"
	"fmt"
	"time"
)

// ErrReturned is the failure of a [Permanent] function that returned without an
// error.
var ErrReturned = errors.New("supervise: the function returned, and it is to run for ever")

// A LimitError is what [Run] returns when the function failed more often than
// [MaxRestarts] lets it.
type LimitError struct {
	Name     string        // of the function
	Restarts int           // how often it may be restarted
	Within   time.Duration // in which time
	Err      error         // the last failure
}

// Error says what failed too often, and how at last.
func (e *LimitError) Error() string {
	return fmt.Sprintf("supervise: %q failed again after %d restarts within %v: %v", e.Name, e.Restarts, e.Within, e.Err)
}

// Unwrap returns Err.
func (e *LimitError) Unwrap() error { return e.Err }

// A UsageError is what the options of this package panic with when they are
// given what can never work.
type UsageError struct {
	Func    string // the option
	Problem string // what is wrong, and what would be right
}

// Error says which option is wrong, and why.
func (e *UsageError) Error() string { return "supervise." + e.Func + ": " + e.Problem }
