// Package limit provides limiters that any number of calls, groups and
// goroutines can share. They limit how much may happen at once and how often it
// may begin, in total or for each key, such as a host or a tenant.
//
//	var db = limit.New(limit.Limit{AtOnce: 20})
//
//	var hosts = limit.NewKeyed(func(host string) limit.Limit {
//		return limit.Limit{AtOnce: 2, Every: 100 * time.Millisecond}
//	})
//
// [Limiter.Acquire] waits for a place and [Limiter.Release] gives it back, as
// in golang.org/x/sync/semaphore; [Do] does both around a function.
//
// # Which one
//
//	jobs of one call at once            gather.Limit, gather.Weight
//	tasks of one Group at once, which
//	may wait for each other             task.Limit
//	what several calls share            limit.Limiter
//	the same, for each key              limit.Keyed
//	a rate, and nothing else            limit.Limiter, or golang.org/x/time/rate
//
// # With tasks and gather
//
// [Func] and [FuncBy] put a limiter around the function that is given to
// gather.Map or gather.Stream, [Task] around that of a task:
//
//	pages, err := gather.Map(ctx, urls, limit.FuncBy(byHost, fetch))
//	t := task.Go(ctx, limit.Task(db, load))
//
// When a job waits for its place, it has already started: gather.Timeout
// includes the wait, and gather.Retry acquires a place for each attempt and
// releases it in between. A Limiter with only a rate can also be used with the
// option gather.Rate.
//
// A place is only free after it is released. So a goroutine that holds a place
// and waits for another one that needs a place of the same limiter may wait for
// ever. For recursive work use task.Limit.
//
// # Fairness
//
// Callers are served in the order in which they came. Light requests do not
// overtake a heavy one before them, even if there is room for them. A request
// heavier than the whole limit waits until it is alone.
//
// # Cancellation
//
// A caller that stops waiting because its ctx ended leaves no trace: it neither
// holds a place, nor causes a gap in the rate.
//
// # Deadlocks
//
// A Limiter does not know who holds its places. So a goroutine that holds a
// place and waits for one that waits for a place may wait until its ctx ends;
// [task.ErrDeadlock] does not cover such cycles. They cannot occur in a
// task.Group with a task.Limit, as long as its tasks wait only for tasks of the
// Group.
//
// # Resizing
//
// [Limiter.SetLimit] takes effect at once, even for callers that wait. If more
// is held than a smaller limit allows, it stays held, and nothing starts until
// enough has been released.
//
// # Keys
//
// A [Keyed] has a limiter for each key in use, and forgets the others: at once
// if the limit has no rate, and otherwise as soon as the rate would allow a
// whole burst again. So clients may choose the keys.
package limit
