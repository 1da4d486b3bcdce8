// Package gather runs jobs concurrently and gathers what they return.
//
//	pages, err := gather.Map(ctx, urls, fetch, gather.Limit(8))
//
// A job is a function call in a goroutine of its own, with a copy of the
// caller's context variables ([github.com/heirloom-go/heirloom/ctxvar]): it
// sees what the caller had set, and neither the caller nor any other job sees
// what it sets. No call returns before all its jobs have ended.
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
// [Batch] passes the input of a Stream on in batches of several items.
//
// [Map], [Each] and [Stream] take options: [Limit] bounds the number of jobs
// that run at once, [Weight] and [Rate] delay their start, [Timeout] and
// [Retry] apply to each job, [Progress] reports how many have ended, and
// [OnError] sets how a failure affects the other jobs. To run functions with
// options, use Map over the functions with [Call].
//
// [GroupOf] is a Group whose functions return results.
//
// # Failure
//
// A job fails if it returns an error, panics ([*task.PanicError], with the
// stack of the panic) or calls [runtime.Goexit] ([task.ErrGoexit]). Its error
// is wrapped in a [*JobError], which says which job it was; errors.Is and
// errors.As look through it. By default, the first failure cancels the context
// of the other jobs, with the failure as the [context.Cause], and only that
// failure is returned: jobs that give up because they were cancelled have not
// failed, and later failures are dropped. A [Stream] goes on after a failure,
// and the body of the loop decides whether to break. A panic is never dropped.
// If no call returns it, as when the job lost a [Race], it is passed to the
// function set with [task.Unobserved].
//
// A job that returns only the error of its context, or the cause, after the
// caller cancelled has not failed either; the call still reports the error, as
// [Map] describes. A job that joins such an error with another one, by
// [errors.Join], has failed.
//
// A panic of another function given to a call, such as that of [Weight] or
// [Name], belongs to the job for which the function was called. A panic of
// [Progress], or of the input of a Stream, continues in the caller.
//
// # In the tree of tasks
//
// A call made in a task is shown below the task in the tree ([task.WriteTree]),
// as what the task waits for, with the number of its jobs that are done, that
// run, and in total. A [Group] is shown while Wait waits, if it was made by
// [WithContext]. Jobs are not tasks.
//
// A job that awaits the task that made the call, or a task that waits for that
// one, would wait until its ctx ends, and gets [task.ErrDeadlock] instead. In a
// [Race] or an [Any], it gets ErrDeadlock only if no other job is left that
// could end the call. In a [Stream] it waits, because the loop may break at any
// time. In a Group it gets ErrDeadlock if the Group was made by WithContext in
// the task that calls Go and Wait.
//
// # Mistakes
//
// A call that can never work, such as one with a nil function or a negative
// limit, panics with a [*UsageError].
//
// # Variables and profiler labels
//
// The context passed to a job carries the caller's variables, as
// [ctxvar.NewContext] makes it, so they survive a pprof.Do with that context. A
// goroutine may run several jobs one after the other. Between two jobs, it
// restores the variables and the profiler labels. A job must undo other changes
// to its goroutine itself: it must unlock it from its operating system thread,
// and reset [runtime/debug.SetPanicOnFault]. Checking for these after every job
// would make short jobs much slower.
package gather
