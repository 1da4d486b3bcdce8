package jobs

import (
	"errors"
	"os"
	"time"
)

// Options tell how jobs are run.
type Options struct {
	Limit      int               // how many jobs run at once; 0 for no limit
	Total      int               // how many jobs a stream has; 0 if nobody knows, and then Halt has no percentage
	Shell      *Shell            // runs commands
	Env        map[string]string // variables for all jobs
	Unset      []string          // variables that no job is to have
	Timeout    time.Duration     // of an attempt, for jobs that don't say; 0 for none
	Retries    int               // for jobs that don't say
	RetryDelay time.Duration     // before the first retry; doubled for each after it
	RetryOn    Codes             // what is tried again; nil for all that fails
	Delay      time.Duration     // between the starts of two jobs
	FailFast   bool              // whether the first failure ends the run, as Halt{Now: true, On: Failures, Count: 1} does
	Halt       Halt              // what ends the run early
	Grace      time.Duration     // between telling a command to end and killing it
	Hurry      <-chan struct{}   // closed when there is no time for grace any more
	Drain      <-chan struct{}   // closed when no further job is to be started
	Stdin      Stdin             // what commands read
	Input      *os.File          // the run's own standard input, for Stdin and TTY
	TTY        bool              // whether a job has the terminal; Limit is 1 then
	Output     Output
	Log        *Log         // where results are written; nil for nowhere
	Processes  *Processes   // those that run; nil if nobody else asks for them
	Progress   func(Counts) // called when they change, one call at a time; may be nil

	// Say, if not nil, is called with what a person who waits should know, one call
	// at a time.
	Say func(string)

	// Hold, if not nil, is asked before a job is started, and again after a second
	// for as long as it returns why there is to be none.
	Hold func() string

	// Elsewhere, if not nil, runs commands on other machines. Shell, Hurry, Stdin and
	// Processes say nothing there.
	Elsewhere Elsewhere

	// Explain, if not nil, is called with each job in the place of running it, as
	// if it had succeeded. Nothing is logged.
	Explain func(*Result) error
}

// A Stdin is what a command reads that is not given something of its own.
type Stdin int

const (
	Null  Stdin = iota // nothing
	Open               // nothing, but without an end
	First              // the run's own standard input for the first job, nothing for others
)

// ErrFailFast is the cause of the end of a run that Halt ends.
var ErrFailFast = errors.New("a job failed")

// maxRetryDelay bounds the doubling of RetryDelay.
const maxRetryDelay = time.Minute
