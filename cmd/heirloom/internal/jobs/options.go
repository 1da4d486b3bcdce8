package jobs

import (
	"errors"
	"os"
	"time"
)

// Options determine how jobs are run.
type Options struct {
	Limit      int               // how many jobs run at once; 0 for no limit
	Total      int               // how many jobs a stream has; 0 if that is not known, and then Halt has no percentage
	Shell      *Shell            // runs commands
	Env        map[string]string // variables for all jobs
	Unset      []string          // variables that no job gets
	Timeout    time.Duration     // of an attempt, for jobs that set none; 0 for no limit
	Retries    int               // for jobs that set none
	RetryDelay time.Duration     // before the first retry; doubled for each after it
	RetryOn    Codes             // which ends lead to a retry; nil for all failures
	Delay      time.Duration     // between the starts of two jobs
	FailFast   bool              // whether the first failure ends the run, as Halt{Now: true, On: Failures, Count: 1} does
	Halt       Halt              // ends the run early
	Grace      time.Duration     // between the signal to end and the kill
	Hurry      <-chan struct{}   // closed when there is no more time for grace
	Drain      <-chan struct{}   // closed when no further job may be started
	Stdin      Stdin             // what commands read
	Input      *os.File          // the run's own standard input, for Stdin and TTY
	TTY        bool              // whether a job has the terminal; Limit is 1 then
	Output     Output
	Log        *Log         // where results are written; nil for nowhere
	Processes  *Processes   // the running commands; may be nil
	Progress   func(Counts) // called when they change, one call at a time; may be nil

	// Say, if not nil, is called with a message for the user, one call at a time.
	Say func(string)

	// Hold, if not nil, is called before a job is started. As long as it returns a reason
	// for which no job may be started, it is called again after a second.
	Hold func() string

	// Elsewhere, if not nil, runs commands on other machines. Shell, Hurry, Stdin and
	// Processes have no effect there.
	Elsewhere Elsewhere

	// Explain, if not nil, is called with each job instead of running it, as if the job
	// had succeeded. Nothing is logged.
	Explain func(*Result) error
}

// A Stdin is what a command reads that is given no input of its own.
type Stdin int

const (
	Null  Stdin = iota // nothing
	Open               // nothing, but without an end
	First              // the run's own standard input for the first job, nothing for others
)

// ErrFailFast is the cause of a run's end when its Halt is met.
var ErrFailFast = errors.New("a job failed")

// maxRetryDelay limits the doubling of RetryDelay.
const maxRetryDelay = time.Minute
