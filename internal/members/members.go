// Package members is how the packages below task that keep sets of tasks, scope
// and joinset, know of them what package task does not export. Package task gives
// the variables their values.
package members

import (
	"context"
	"iter"
)

// A Set is the tasks, each a task.Handle, of which those who wait want the next to
// end. Any goroutine may call the methods at any time.
type Set interface {
	// Has reports whether task, which has not ended, is in the set.
	Has(task any) bool

	// All iterates over those that have not ended. The last one is nil if there are
	// others that were not taken, so that a wait is over, or about to be.
	All() iter.Seq[any]

	// Len returns how many there are that were not taken, ended or not.
	Len() int
}

// Few is how many tasks a loop over All may take of very many at little cost.
const Few = 8

var (
	// Wait waits for change, a channel that is closed, which is to happen at the
	// next end of a task of s at the latest, or until ctx is done. In a task it is
	// a wait for the first of s to end, as task.Wait is, which lends the task's
	// place and may be part of a deadlock. That is the error, and the only one.
	Wait func(ctx context.Context, s Set, change <-chan struct{}) error

	// Started returns an option for a task, a task.Option, that calls f with the
	// task before its function can run, and before any callback of it.
	Started func(f func(task any)) any
)
