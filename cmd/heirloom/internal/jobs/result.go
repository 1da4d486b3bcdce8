package jobs

import (
	"strconv"
	"time"
)

// A State is how a job ended.
type State string

// The states of a job that has ended. A job that an interrupted run never started has
// no result.
const (
	OK       State = "ok"
	Failed   State = "failed"   // its command failed in each attempt
	TimedOut State = "timeout"  // in the last attempt
	Canceled State = "canceled" // the run was interrupted, or gave up after a failure
	Skipped  State = "skipped"  // a job that it needs did not succeed
	Resumed  State = "resumed"  // it had succeeded in an earlier run
)

// succeeded reports whether jobs that need this one can be started.
func (s State) succeeded() bool { return s == OK || s == Resumed }

// known reports whether the text of a log is a state.
func (s State) known() bool {
	switch s {
	case OK, Failed, TimedOut, Canceled, Skipped, Resumed:
		return true
	}
	return false
}

// A Result describes how a job ended. It is a line of the job log.
type Result struct {
	Number   int       `json:"number"` // from 1, in the order of the jobs' file
	Job      string    `json:"job"`
	Command  string    `json:"command"`
	State    State     `json:"state"`
	Exit     int       `json:"exit"`             // as a shell reports it: 128+n after signal n; -1 if it never ran
	Signal   string    `json:"signal,omitempty"` // that ended the command
	Error    string    `json:"error,omitempty"`  // why no command ended, or why the job was skipped
	Worker   string    `json:"worker,omitempty"` // the machine that ran it last, if not this one
	Attempts int       `json:"attempts"`
	Start    time.Time `json:"start,omitzero"`
	Seconds  float64   `json:"seconds"` // from the start of the first attempt to the end of the last
	Repeat   int       `json:"repeat"`  // how many jobs before it have the same name and command

	// JSON can represent only characters: a name or a command with other bytes is in it
	// twice, the second time in base64.
	JobBytes     []byte `json:"job_base64,omitempty"`
	CommandBytes []byte `json:"command_base64,omitempty"`

	fatal error // as in an End
}

// take copies the end of an attempt into the result.
func (r *Result) take(e *End) {
	r.State, r.Exit, r.Signal, r.Error, r.Worker = e.State, e.Exit, e.Signal, e.Error, e.Worker
	r.fatal = e.fatal
}

// Why says in a few words why the job did not succeed.
func (r *Result) Why() string {
	switch {
	case r.Error != "":
		return r.Error
	case r.State == TimedOut:
		return "timed out"
	case r.Signal != "":
		return r.Signal
	case r.State == Failed:
		return "exit code " + strconv.Itoa(r.Exit)
	}
	return string(r.State)
}
