// Package task runs functions as tasks: goroutines that can be awaited,
// cancelled and inspected, and that have variables of their own. It brings
// asyncio's tasks and task groups to Go, on top of packages context and ctxvar.
//
//	err := task.Group(ctx, func(ctx context.Context) error {
//		user := task.Go(ctx, fetchUser)
//		orders := task.Go(ctx, fetchOrders)
//		...
//		u, err := user.Await(ctx)
//		...
//	})
//
// [Go] starts a [Func] and returns its handle, a [*Task]. [Start] does so for a
// function without a result, and [Serve] waits until the task is ready. [Group]
// and [Run] are scopes: they return when every task started in them has ended.
// [Main] is a Run for a whole program. [Wait], [AsCompleted], [WaitFor],
// [Within], [Shield] and [Sleep] correspond to the functions of these names in
// asyncio. [Current] returns the running task, and [Snapshot] and [WriteTree]
// show all live tasks.
//
// # Variables
//
// A task begins with a copy of the ctxvar variables of the goroutine that calls
// Go. The copy takes constant time. What the task sets is not visible outside
// of it, except in [Task.Context], during the task and afterwards. With the
// option [InContext], the task runs in a given ctxvar.Context instead of a
// copy.
//
// # Contexts and scopes
//
// A task is connected to other tasks by its ctx. The ctx descends from the one
// given to Go, which determines three things:
//
//   - Cancellation. The task is cancelled when the ctx given to Go is
//     cancelled, or by its own Cancel. When the task ends, its ctx ends too,
//     but this does not cancel the tasks that it started.
//   - The scope. The task belongs to the Group or Run that the ctx comes from,
//     regardless of which goroutine calls Go, and that scope does not return
//     before the task has ended.
//   - The parent, shown in the tree. If the ctx is that of a task, the new task
//     is its child. A child may outlive the normal end of its parent, as in
//     asyncio, but never its scope. Cancelling the parent cancels the child.
//
// A scope that is ending accepts no more tasks, at any depth. This holds for a
// Group that is aborted, for a Group that is cancelled and waits for its end,
// and for a Run whose main function has ended. A task started there is not run
// and counts as cancelled. A Group or a Run whose ctx is protected from the
// cancellation, as for a clean-up, accepts tasks nevertheless, and is waited for.
// [UntilEnding] is for loops that are protected, and must end all the same.
//
// A task started with a ctx that comes from no scope, such as
// [context.Background], is independent.
//
// The ctx ends with its task. A context derived from it, such as one from
// context.WithTimeout or the one of a database transaction, then ends too.
//
// # Cancellation
//
// Cancellation is a request. The function learns of it through its ctx, decides
// when to end, and may ignore the request by returning something else.
// [Task.Cancel] takes a cause, which context.Cause returns in the task, and
// which is part of the [*CanceledError] that the task ends with. A task counts
// as cancelled only if its ctx was cancelled and its function returned that
// ctx's error or cause. Any other error outranks the cancellation, even if it
// is joined with the ctx's error, as by errors.Join.
//
// The Err and the context.Cause of a ctx never change once it is done; they are
// those of the first event that ended it. To clean up after that, call the
// clean-up function with [context.WithoutCancel], in the same goroutine.
//
// A ctx may be of a type of your own. It ends when its Done channel is closed, and
// its Err method then returns the reason. If Err panics or returns nil then, the task
// counts as cancelled, with the panic as the cause. Calls that do nothing if ctx has
// ended already, such as [Sleep], ask Err first, which must return nil until Done is
// closed. A ctx whose methods block or call functions of this package affects only
// the tasks started with it.
//
// Time limits, set with the option [Timeout], [Within] or [WaitFor], end what
// they limit with a [*TimeoutError]. A cancellation that comes from further out
// passes through them unchanged. In asyncio this distinction needs
// Task.uncancel.
//
// # Errors, panics and Goexit
//
// A task ends in one of five ways, reported by its [State] and by Await: with a
// value, with the error its function returned, with a [*CanceledError], with a
// [*PanicError] if the function panicked, or with [ErrGoexit] if it called
// runtime.Goexit, as t.FailNow does in a test. A panic does not end the
// program: it is an error that belongs to the task, and carries the stack of
// the panic.
//
// No error gets lost. An error that nobody has looked at is reported once, when
// the Run of its task ends or the task becomes garbage; see [Unobserved].
// [Report] is for errors that no call can return. [OnFailure] sets a function
// that is called at once for each failure.
//
// # Deadlocks
//
// If tasks wait for each other, so that none of them could ever go on, one of
// the waits fails with [ErrDeadlock]: the wait that closes the cycle or, if
// that is the end of a [Group] or a [Run], which cannot return an error then,
// another wait in the cycle. A cycle is found if each task in it waits in its
// own function, with [Task.Await], [Wait], [AsCompleted], [WaitFor], [Group] or
// Run, or with the waits of packages scope, joinset and shared. Where a wait can
// be ended by any of several tasks, it is stuck if all of them are:
//
//   - A wait for the first of several tasks is stuck if all of them are.
//   - A wait for a [Promise] with the option [CompletedBy], and a wait of
//     [Members.Until], is stuck if all tasks are that may end it.
//   - A task that waits for a place in a Group with a [Limit], because it is
//     queued or has lent its place, is stuck if all tasks with a place are. The
//     wait that fails is then that of a task with a place, or of one that awaits
//     a queued task.
//
// A wait with a deadline of its own is never stuck. Such a deadline is one before
// that of the task's ctx, or a limit that [SetTimeout] set for a Group in the task.
// Any wait can be cancelled. If no wait in a cycle can return an error, a Promise
// in it fails. This happens if a Group ends only when a Promise in it is completed,
// by the very task that waits for the Group.
//
// A job of package gather counts as a part of the task that made the call: the
// call waits for its jobs, and a job waits with the functions above.
//
// A cycle is not found if it goes through something that any goroutine may end:
// a channel or a lock, a Promise without that option, the ready function of
// [Serve], or a place of package limit. Nor is a cycle found that goes through the
// loop over a Stream of package gather, which its body may end, or through any
// other goroutine that is not a task. The tree shows what each task waits for.
//
// # Cost
//
// A task costs a goroutine and three allocations, or four if it inherits
// variables. It makes no channel until
// somebody waits for it, and no context of package context until somebody asks
// its ctx for one. Starting and ending a task take the lock of its parent, or one
// of several if many goroutines start tasks in that, and no global lock. See the
// benchmarks.
//
// # Related packages
//
//	task/scope       tasks that outlive the function that starts them
//	task/joinset     results of a set of tasks as they end, while the set grows
//	task/shared      one task for all callers that ask for the same thing
//	task/supervise   functions that are run again when they fail
//	task/periodic    functions that run once in each period
//	task/limit       limiters for calls, Groups and goroutines, also by key
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
