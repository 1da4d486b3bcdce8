// Package gather runs jobs concurrently and gathers what they return.
//
//	pages, err := gather.Map(ctx, urls, fetch, gather.Limit(8))
//
// A job is a function call in a goroutine and in a copy of the caller's context
// variables ([github.com/heirloom-go/heirloom/ctxvar]) of its own: it sees what
// the caller had set, and what it sets itself neither the caller nor any other
// job sees. No call returns before all its jobs have ended.
//
// # Which one
//
//	All       functions; their results in order, or the first failure         asyncio.gather
//	Settled   functions; how each of them ended                               gather(return_exceptions=True)
//	Race      functions; the first to end                                     asyncio.wait(FIRST_COMPLETED)
//	Any       functions; the first to succeed                                 Promise.any
//	Map       items; their results in order                                   gather(*map(fn, items))
//	Each      items; no results
//	Stream    items of a sequence that may never end; results as they come    asyncio.as_completed
//	Group     functions as they come up; a drop-in for errgroup.Group         asyncio.TaskGroup
//
// [Batch] gives a Stream several items at a time.
//
// [Map], [Each] and [Stream] take options: a [Limit] of jobs at once, [Weight]
// and [Rate] to hold them back, a [Timeout] and [Retry] for each, [Progress], and
// [OnError] to say what a failure does to the other jobs. To give options to
// functions, use Map over them with [Call].
//
// [GroupOf] is a Group whose functions return results.
//
// # Failure
//
// A job fails if it returns an error, panics ([*task.PanicError], with the
// stack of the panic) or calls [runtime.Goexit] ([task.ErrGoexit]). Errors are
// wrapped in a [*JobError] that says which job it was; errors.Is and errors.As
// look through it. By default the first failure cancels the context of the other
// jobs, whose [context.Cause] is then that failure, and it alone is returned:
// jobs that give up because they were cancelled have not failed, and what else
// fails after that is dropped. A [Stream] goes on, and leaves it to the loop to
// break. A panic is never dropped: where no call returns it, as that of a job
// which lost a [Race], the function set with [task.Unobserved] hears of it.
//
// A job that returns nothing but the error of its context, or the cause, after
// the caller has cancelled has not failed either, but it is told of: see [Map].
// One that returns such an error and another, as errors.Join makes one of both,
// has failed.
//
// A panic of another function that a call is given, such as [Weight] and [Name]
// take, belongs to the job that it was called for. One of [Progress], and of the
// input of a Stream, goes on in the caller.
//
// # In the tree of tasks
//
// A call that is made in a task shows below it in the tree ([task.WriteTree]),
// with how many of its jobs are done, how many run and how many there are, and
// as what the task waits for. A [Group] does while its Wait waits, if it is of
// [WithContext]. Jobs are no tasks of their own. So a job must not await the task
// that made the call, or one that waits for it: they would wait for each other until
// the ctx ends, and [task.ErrDeadlock] is for tasks only.
//
// # Mistakes
//
// A wrong call, as one with a nil function or a negative limit, panics with a
// [*UsageError].
//
// # Variables and profiler labels
//
// The context that a job is called with carries the caller's variables, as
// [ctxvar.NewContext] makes it. So variables live through pprof.Do with it.
// A goroutine may run several jobs one after the other; it takes back the
// variables and the profiler labels that a job left behind before the next one
// begins. What else a job does to its goroutine it must undo itself: unlock it
// from its operating system thread, and reset [debug.SetPanicOnFault]. (To ask
// after every job would cost as much as a third of what a short one takes.)
package gather
