// Package inflight makes calls that run many jobs, which are not tasks, appear
// in the tree of tasks. It costs nothing while no tree is shown.
package inflight

import (
	"context"

	"github.com/heirloom-go/heirloom/internal/gls"
)

// Key is the key under which the ctx of a task returns its [Host].
type Key struct{}

// A View is a view of a call, for any goroutine at any time.
type View interface {
	// Counts returns the name of the call, such as gather.Map, and the numbers
	// of jobs that have ended, that run, and in total, which is negative if it
	// is unknown.
	Counts() (name string, done, running, total int)
}

// A Call is one call, from Enter to Leave. It should be part of memory that the
// call allocates anyway. The fields below Any belong to the Host.
type Call struct {
	View View

	// Job identifies the jobs, as gls.JobHere does in their goroutines, if the call
	// ends only after all that were started have, or, with Any, after one of them has.
	// It is nil if the caller may end the call.
	Job *gls.Carried
	Any bool

	Host       Host
	Prev, Next *Call
	ID         uint64       // set when the call first appears in a tree
	Here       bool         // the task's own goroutine entered it
	Own        bool         // the task's own goroutine waits for it
	Outer      *gls.Carried // identifies the call a job of which entered it, or nil
	By         uint64       // the goroutine of that job, or 0
	Node       any          // stands for that job in a search for deadlocks; made when it first does
}

// A Host is the task in which calls are made.
type Host interface {
	// Enter shows c until Leave. If the running goroutine is the task's own,
	// the task then waits for c.
	Enter(c *Call)
	Leave(c *Call)

	// Ended notes that a job of a call that has Any has ended and the call has not.
	Ended()
}

// Here returns the Host of the running goroutine, if that is a task's own or runs a job
// of a call in one, or nil. Package task sets it.
var Here func() Host

// Of returns the Host of a call with ctx in the running goroutine, or nil if neither
// the goroutine nor ctx is of a task. The Host of the goroutine comes first: its task, or
// a job of it, is what waits, even if ctx is that of another task.
func Of(ctx context.Context) Host {
	if h := Here(); h != nil {
		return h
	}
	h, _ := ctx.Value(Key{}).(Host)
	return h
}
