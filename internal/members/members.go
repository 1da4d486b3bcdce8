// Package members connects package task with the packages below it that keep
// sets of tasks, scope and joinset. It declares what they need and package task
// does not export; package task sets the variables.
package members

import (
	"context"
	"iter"
)

// A Set is a set of tasks, each a task.Handle, and some goroutines wait for the
// next of them to end. Any goroutine may call its methods at any time.
type Set interface {
	// Has reports whether task, which has not ended, is in the set.
	Has(task any) bool

	// All iterates over the tasks that have not ended. If there are others that
	// were not taken, so that a wait is over or about to be, the last one is
	// nil.
	All() iter.Seq[any]

	// Len returns the number of tasks that were not taken, whether or not they
	// have ended.
	Len() int
}

// Few is the number of tasks that a loop over All can take from a large set at
// little cost.
const Few = 8

var (
	// Wait waits until change is closed or ctx is done. change must be closed
	// at the next end of a task of s at the latest. Called in a task, it is a
	// wait for the first task of s to end, as with task.Wait: it lends the
	// task's place and may be part of a deadlock. A deadlock is its only error.
	Wait func(ctx context.Context, s Set, change <-chan struct{}) error

	// Started returns a task.Option that calls f with the task before the
	// task's function can run, and before any of its callbacks.
	Started func(f func(task any)) any
)
