package jobs

import (
	"errors"
	"time"
)

// Options tell how jobs are run.
type Options struct {
	Limit      int               // how many jobs run at once; 0 for no limit
	Shell      *Shell            // runs commands
	Env        map[string]string // variables for all jobs
	Timeout    time.Duration     // of an attempt, for jobs that don't say; 0 for none
	Retries    int               // for jobs that don't say
	RetryDelay time.Duration     // before the first retry; doubled for each after it
	FailFast   bool              // whether the first failure ends the run
	Grace      time.Duration     // between telling a command to end and killing it
	Hurry      <-chan struct{}   // closed when there is no time for grace any more
	Output     Output
	Log        *Log         // where results are written; nil for nowhere
	Progress   func(Counts) // called when they change, one call at a time; may be nil

	// Explain, if not nil, is called with each job in the place of running it, as
	// if it had succeeded. Nothing is logged.
	Explain func(*Result) error
}

// ErrFailFast is the cause of the end of a run that ends with its first failure.
var ErrFailFast = errors.New("a job failed")

// maxRetryDelay bounds the doubling of RetryDelay.
const maxRetryDelay = time.Minute
