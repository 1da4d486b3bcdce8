// Package joinset has sets of tasks that may grow while their results are taken
// as they come.
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
// [Set.Results] and [Set.Tasks] iterate over those that have ended, the first
// one first, and [Set.Cancel] cancels all.
//
// # Which one
//
//	tasks that are all there when one waits     task.AsCompleted
//	the same function for a sequence of items   gather.Stream, which has limits and back-pressure
//	tasks that come up while one waits          joinset.Set
//	tasks whose results nobody takes            scope.Scope
//
// # Results
//
// Each task comes exactly once, to one loop, whichever takes it first; any
// number of goroutines may range over a Set at the same time. A loop is over
// when there are no tasks left that run and no results that were not taken.
// Breaking out of one is safe: it leaves the tasks alone, loses no result, and
// another loop goes on where it was.
//
// A Set keeps the results that were not taken, and nothing of those that were.
//
// # Deadlocks
//
// A loop in a task waits for the next of the set to end, and a task of the set that
// waits for that task waits for the loop to end. If all that are left do, in whatever
// way, the loop, or the one whose wait closed the cycle, gets [task.ErrDeadlock]. It
// is not counted on that somebody else will start more tasks.
//
// In a task of a [task.Group] with a [task.Limit] a loop lends the task's place while
// it waits, if the set was made in that Group or within it.
//
// # Scope and failures
//
// The tasks of a Set belong to the Group, the Run or the task that the Set was
// made in, which does not end before they have, and cancels them if it is
// cancelled. When a function is to leave nothing behind, it gives its Set a
// Group of its own:
//
//	err := task.Group(ctx, func(ctx context.Context) error {
//		set := joinset.New[Page](ctx)
//		defer set.Cancel(nil) // or what still runs is waited for
//		...
//	})
//
// A failure is a result: it cancels nothing and is not counted by a Group
// around. One that no loop took, and nobody awaited, is reported as that of any
// other task, see [task.Unobserved].
package joinset
