// Package inflight makes calls that run many jobs, which are not tasks, appear
// in the tree of tasks. It costs nothing while nobody looks.
package inflight

import "context"

// Key is the key under which a context of a task has its [Host].
type Key struct{}

// A View is a view of a call, for any goroutine at any time.
type View interface {
	// Counts returns the name of the call, such as gather.Map, and the numbers
	// of jobs that have ended, that run, and in total, which is negative if it
	// is unknown.
	Counts() (name string, done, running, total int)
}

// A Call is one call, from Enter to Leave. It should be part of memory that the
// call allocates anyway. The fields other than View belong to the Host.
type Call struct {
	View       View
	Prev, Next *Call
	ID         uint64 // assigned when somebody first looks at it
	Own        bool   // whether the task's own goroutine entered it
}

// A Host is the task in which calls are made.
type Host interface {
	// Enter shows c until Leave. If the running goroutine is the task's own,
	// the task then waits for c.
	Enter(c *Call)
	Leave(c *Call)
}

// Of returns the Host of ctx, or nil if ctx comes from no task.
func Of(ctx context.Context) Host {
	h, _ := ctx.Value(Key{}).(Host)
	return h
}
