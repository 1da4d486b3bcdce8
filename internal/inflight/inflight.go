// Package inflight is how calls that run many jobs, which are no tasks, show in
// the tree of tasks, at no cost while nobody looks.
package inflight

import "context"

// Key is the key under which a context of a task has its [Host].
type Key struct{}

// A View is a look at a call, at any moment and by any goroutine.
type View interface {
	// Counts returns the call's name, as gather.Map, how many jobs have ended,
	// how many run, and how many there are, which is negative if that is not
	// known.
	Counts() (name string, done, running, total int)
}

// A Call is one call, from Enter to Leave. It is to be part of what the call
// allocates anyway. The fields besides View are the Host's.
type Call struct {
	View       View
	Prev, Next *Call
	ID         uint64 // given to it when somebody first looks
	Own        bool   // it was entered by the task's own goroutine
}

// A Host is the task in which calls are made.
type Host interface {
	// Enter shows c until Leave. If the running goroutine is the task's own, the
	// task is one that waits for c.
	Enter(c *Call)
	Leave(c *Call)
}

// Of returns the Host of ctx, or nil if ctx comes from no task.
func Of(ctx context.Context) Host {
	h, _ := ctx.Value(Key{}).(Host)
	return h
}
