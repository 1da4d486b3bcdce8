// Package joinset provides sets of tasks. A set may grow while the results of
// its tasks are taken as they come.
//
//	pages := joinset.New[Page](ctx)
//	pages.Go(fetch("/"))
//	for page, err := range pages.Results(ctx) {
//		if err != nil {
//			log.Print(err)
//			continue
//		}
//		for _, link := range page.Links {
//			pages.Go(fetch(link)) // the loop goes on until there is nothing left
//		}
//	}
//
// It gives Go what Tokio's JoinSet gives Rust. [Set.Go] starts a task,
// [Set.Results] and [Set.Tasks] iterate over the tasks in the order in which
// they end, and [Set.Cancel] cancels all.
//
// # Which one
//
//	tasks that are all known before waiting     task.AsCompleted
//	the same function for a sequence of items   gather.Stream, with limits and back-pressure
//	tasks that are added while waiting          joinset.Set
//	tasks whose results are not taken           scope.Scope
//
// # Results
//
// Each task is yielded exactly once, to the loop that takes it first; any
// number of goroutines may range over a Set at the same time. A loop ends when
// no task runs and no result is left to be taken. Breaking out of a loop is
// safe: it does not affect the tasks, loses no result, and another loop
// continues where it stopped.
//
// A Set keeps the results that were not taken, and nothing of those that were.
//
// # Deadlocks
//
// A loop in a task waits for the next task of the set to end, and a task of the
// set that waits for the looping task waits for the loop to end. If all
// remaining tasks do so, directly or not, the loop gets [task.ErrDeadlock], or
// the wait that closed the cycle does. The possibility that some other
// goroutine starts more tasks is not taken into account.
//
// In a task of a [task.Group] with a [task.Limit], a loop lends the task's
// place while it waits, if the set was made in that Group or within it.
//
// # Scope and failures
//
// The tasks of a Set belong to the Group, the Run or the task in which the Set
// was made. That does not end before they have, and cancels them if it is
// cancelled. A function that must not leave tasks behind gives its Set a Group
// of its own:
//
//	err := task.Group(ctx, func(ctx context.Context) error {
//		set := joinset.New[Page](ctx)
//		defer set.Cancel(nil) // or what still runs is waited for
//		...
//	})
//
// A failure is a result: it does not cancel other tasks and is not counted by a
// surrounding Group. A failure that no loop took, and that nobody awaited, is
// reported like that of any other task; see [task.Unobserved].
package joinset
