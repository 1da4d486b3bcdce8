// Package periodic runs a function again and again, in step with the clock.
//
//	err := task.Group(ctx, func(ctx context.Context) error {
//		periodic.Go(ctx, time.Minute, refresh, periodic.Name("refresh"), periodic.OnFailure(logIt))
//		return serve(ctx)
//	})
//
// [Every] runs the function until ctx ends, and [Go] does so in a task of its
// own, which belongs to the scope that ctx comes from. When that scope is ending,
// there is no further run, even if ctx does not end, as under
// [context.WithoutCancel].
//
// # Time
//
// The function is due once, twice, three times the period after the beginning
// and, with the option [Now], at the beginning too. The time that a run takes
// does not shift these times: there is no drift. Runs never overlap. A run that
// takes longer than the period misses the times that fall into it. Missed runs
// are skipped, and the next run is at the next time; with [CatchUp] they are
// made up for afterwards, one immediately after the other. Where the operating
// system's monotonic clock stands still while the machine sleeps, the sleep does
// not count.
//
// For a loop with a pause between the end of one run and the beginning of the
// next, [task.Sleep] is enough.
//
// # Runs
//
// Each run is a [task.Run]: a task of its own, with a copy of the variables of
// the caller of Every, and a scope. What it started and left running is
// cancelled and waited for, and counts as part of the run. [Current] returns
// the number of the run.
//
// # Failures
//
// A run fails if the function returns an error, panics, calls [runtime.Goexit],
// or is cancelled while ctx is not. The first failure ends Every, which returns
// it, unless there is an [OnFailure]: then that is called with each failure, at
// once, and Every goes on. A function that returns [ErrStop] ends Every without
// a failure.
//
// For giving up on a function that fails too often, or waiting longer after
// each failure, see package supervise.
package periodic
