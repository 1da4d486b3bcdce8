// Package task runs functions as tasks: goroutines that can be waited for,
// cancelled and looked at, each with variables of its own. It gives Go what
// asyncio's tasks and task groups give Python, and puts it on package context
// and package ctxvar.
//
//	err := task.Group(ctx, func(ctx context.Context) error {
//		user := task.Go(ctx, fetchUser)
//		orders := task.Go(ctx, fetchOrders)
//		...
//		u, err := user.Await(ctx)
//		...
//	})
//
// [Go] starts a [Func] and returns its handle, a [*Task]; [Start] does for a
// function with no result, and [Serve] waits until it is ready. [Group] and [Run]
// are scopes: they return when all that was started in them has ended. [Main] is a
// Run that is a program. [Wait],
// [AsCompleted], [WaitFor], [Within], [Shield] and [Sleep] are what asyncio's
// functions of these names are. [Current] is the task one is in, and
// [Snapshot] and [WriteTree] show all there are.
//
// # Variables
//
// A task begins with a copy of the variables of package ctxvar that the caller
// of Go has at that moment, in constant time. What it sets is its own, and is
// there in [Task.Context] while it runs and after. With the option [InContext]
// it runs in a ctxvar.Context itself.
//
// # Contexts and scopes
//
// The ctx of a task is what ties it to others. It descends from the one given to
// Go, which decides three things:
//
//   - Cancellation. The task is cancelled when that ctx is, or by its own Cancel.
//     That a task ends, and its ctx with it, does not cancel those it started.
//   - The scope. The task belongs to the Group or Run that the ctx comes from,
//     whoever calls Go, and that scope does not return before the task has ended.
//   - The parent, for those who look at the tree. If the ctx is a task's own,
//     the new task is its child. A child may outlive the normal end of its
//     parent, as in asyncio, but never its scope; cancelling the parent cancels
//     it.
//
// What is ending takes nothing more, at any depth: a Group that is aborted, or is
// cancelled and waits for its end, and a Run whose main function has ended. A task
// that is started there all the same is not run, and counts as cancelled.
//
// A task started with a ctx that comes from no scope, such as
// [context.Background], is on its own.
//
// The ctx ends with its task. So what was derived from it, by context.WithTimeout
// or for a database's transaction, ends then too.
//
// # Cancellation
//
// Cancelling is asking. A function is asked by its ctx, ends when it wants to,
// and may deny the request by returning something else. [Task.Cancel] takes a
// cause, which is context.Cause in the task, and in the [*CanceledError] that it
// ends with. A task counts as cancelled only if its ctx was cancelled and its
// function returned that ctx's error or cause; an error of its own outranks it,
// also if it comes along with the ctx's, as errors.Join makes it.
//
// Err and context.Cause of a ctx never change once it is done, and are those of
// what came first. To clean up after that call what does it with
// [context.WithoutCancel], in the same goroutine.
//
// Limits of time, by the option [Timeout], [Within] or [WaitFor], end what they
// limit with a [*TimeoutError], and pass a cancellation that comes from further
// out on as what it is. That is what asyncio needs Task.uncancel for.
//
// # Errors, panics and Goexit
//
// A task ends in one of five ways, its [State], and Await tells which: with a
// value, with the error its function returned, with a [*CanceledError], with a
// [*PanicError] if the function panicked, and with [ErrGoexit] if it called
// runtime.Goexit, as t.FailNow does in a test. A panic does not end the program:
// it is an error with an owner, and has the stack of where it happened.
//
// No error gets lost. One that nobody ever looked at is reported once, when its
// Run ends or its task is garbage; see [Unobserved]. [OnFailure] hears of each at
// once.
//
// # Deadlocks
//
// Tasks that would wait for each other for ever get [ErrDeadlock]: the one whose
// wait closes the cycle, or, if that is the end of a [Group] or a [Run], which can
// be given no error, another one in it. What counts is that a task waits in its own
// function, with [Task.Await], [Wait], [AsCompleted], [WaitFor], [Group] or Run, or
// with what packages scope, joinset and shared have. A wait for the first of several
// is stuck if all of these are. One with a deadline of its own never is, and any can
// be cancelled.
//
// Not found is a cycle through what may be ended by anybody: a channel or a lock, a
// [Promise], the ready of [Serve], a place of package limit, or a place in a Group
// with a [Limit] that a task keeps while it waits for what is not in that Group. Nor
// is one through a goroutine that is no task, as the jobs of package gather are: a
// job that awaits the task which made the call hangs until the ctx ends. The tree
// shows what each task waits for.
//
// # Cost
//
// A task is a goroutine and five allocations. It makes no channel unless
// somebody waits for it, and no context of package context unless somebody asks
// its ctx for one. Starting and ending a task takes the lock of its parent, and
// no global one. See the benchmarks.
//
// # Packages around
//
//	task/scope       tasks that outlive the function that starts them
//	task/joinset     results of a set of tasks as they come, while it grows
//	task/shared      one task for all who ask for the same thing
//	task/supervise   functions that are run again when they fail
//	task/periodic    functions that run once in each period
//	task/limit       limiters that calls, Groups and goroutines share, also by key
//
// # Coming from Python
//
//	asyncio.create_task(f())          task.Go(ctx, f)
//	await t                           t.Await(ctx)
//	asyncio.run(main())               task.Run(ctx, main)
//	async with asyncio.TaskGroup()    task.Group(ctx, body)
//	t.cancel(msg)                     t.Cancel(cause)
//	async with asyncio.timeout(d)     task.Within(ctx, d, f)
//	asyncio.wait_for(t, d)            task.WaitFor(ctx, t, d)
//	asyncio.wait(ts, return_when=w)   task.Wait(ctx, w, ts...)
//	asyncio.as_completed(ts)          task.AsCompleted(ctx, ts...)
//	asyncio.shield(f())               task.Shield(ctx, f)
//	asyncio.sleep(d)                  task.Sleep(ctx, d)
//	asyncio.to_thread(f)              task.ToThread(ctx, f)
//	asyncio.current_task()            task.Current()
//	asyncio.all_tasks()               task.All()
//	t.add_done_callback(f)            t.OnDone(f)
//	t.get_context()                   t.Context()
//	python -m asyncio pstree          task.WriteTree(w)
package task
