package remote

import (
	"context"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// An Engine passes jobs to workers and outcomes back. It is for authors of
// engines; programs pass one to [Through], [Func.On] and [Serve]. Its methods
// are safe for concurrent use.
type Engine interface {
	// Do makes a worker run job and returns the outcome. It blocks until there
	// is one.
	//
	// When ctx ends and no worker has the job yet, Do takes it back and returns
	// context.Cause(ctx). If the job is running, it is cancelled with that
	// cause, and Do returns its outcome, or context.Cause(ctx) after job.Grace.
	// If job.Progress is not nil, Do calls it for each report of the attempt
	// whose outcome it returns, in order, one at a time, and before it returns.
	// Reports of attempts whose workers were lost may come before and among
	// these; they have another Delivery.
	//
	// An error of Do says why there is no outcome: [ErrLost], [ErrTooLarge], or
	// an error of the engine.
	Do(ctx context.Context, job *Job) (*Outcome, error)

	// Serve takes jobs of the named functions, and calls handle for each in a
	// goroutine that runs no other job at that time, for at most concurrency
	// jobs of each function at once. When ctx ends, it takes no more jobs, and
	// returns nil when the calls of handle have returned and their outcomes are
	// stored. It returns an error if it cannot go on.
	//
	// The ctx of handle descends from no other context, so a job inherits
	// nothing from its worker. It ends with the caller's cause if the caller
	// cancels the job, with [ErrCallerGone] if the caller is gone, and with
	// [ErrLeaseLost] if the worker could not give a sign of life for job.Lease.
	Serve(ctx context.Context, funcs []string, concurrency int, handle Handler) error
}

// A Handler runs a job and returns its outcome, never nil. It does not panic.
type Handler func(ctx context.Context, a *Attempt) *Outcome

// A Job is one call of a function, on its way to a worker. [Job.Encode] says
// which parts of it are sent.
type Job struct {
	ID   string // of letters and digits; no other job has it
	Func string // the function's name
	Arg  []byte // the argument, encoded
	// Vars are the variables that [Carry] named, as texts.
	Vars ctxwire.Map
	// Deadline is the deadline of the caller's ctx, by the clock of the local
	// machine. It is zero if there is none.
	Deadline time.Time

	Deliveries int           // how many workers may be lost with it, at least 1
	Lease      time.Duration // without a sign of life for so long, a worker counts as lost
	Backlog    int           // how many jobs of the function may wait for a worker; 0: any number
	Grace      time.Duration // how long Do waits for a cancelled job

	// Progress, if not nil, is called for each report. It is not sent.
	Progress func(Progress)
}

// An Attempt is a job that was given to a worker.
type Attempt struct {
	Job      *Job
	Delivery int    // how many workers have been given the job, this one included
	Worker   string // the worker's name, for errors
	// Report sends progress to the caller, and blocks while the engine is behind.
	Report func(p []byte) error
}

// An Outcome is the result of a job. An Outcome with a Failure has no Result.
type Outcome struct {
	Worker   string // the name of the worker that ran it
	Delivery int
	Result   []byte // encoded
	Failure  *Failure
}
