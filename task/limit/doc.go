// Package limit has limiters that any number of calls, groups and goroutines
// share: how much may happen at once, and how often it may begin, altogether or
// for each host, tenant or whatever has a key.
//
//	var db = limit.New(limit.Limit{AtOnce: 20})
//
//	var hosts = limit.NewKeyed(func(host string) limit.Limit {
//		return limit.Limit{AtOnce: 2, Every: 100 * time.Millisecond}
//	})
//
// [Limiter.Acquire] waits for a place and [Limiter.Release] gives it back, as
// those of golang.org/x/sync/semaphore do; [Do] has both around a function.
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
// The job has started when it waits for its place: gather.Timeout counts that
// time too, and gather.Retry acquires a place for each attempt and gives it back
// in between. A Limiter that limits a rate only also serves the option
// gather.Rate.
//
// A place does not come back before it is released: who holds one and waits for
// somebody who needs another one of the same limiter can wait for ever. For
// recursive work use task.Limit.
//
// # Fairness
//
// Who came first is served first. A heavy one is not overtaken by light ones
// behind it, even if there were room for them. What is heavier than the whole
// limit waits until it is alone.
//
// # Cancellation
//
// Who gives up waiting, because its ctx ended, leaves nothing behind: neither a
// place that is taken, nor a gap in the rate.
//
// # Deadlocks
//
// A Limiter does not know who holds its places. So whoever waits, with a place held,
// for somebody who waits for one may wait until its ctx ends: [task.ErrDeadlock] is not
// for such cycles. A task.Group with a task.Limit is free of them, as long as its
// tasks wait for tasks of its own.
//
// # Resizing
//
// [Limiter.SetLimit] takes effect at once for those who wait. What is held beyond
// a smaller limit stays held, and nothing starts until enough was released.
//
// # Keys
//
// A [Keyed] has a limiter for each key that is in use, and forgets those that are
// not: at once if the limit is only on what happens at once, and as soon as the
// rate would allow a whole burst again otherwise. So it may be used with keys
// that a client chooses.
package limit
