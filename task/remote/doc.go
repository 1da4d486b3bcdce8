// Package remote runs functions on other machines, as package task and package
// gather run them on this one.
//
// A [Func] is a function with a name. Declare it at package level, like a
// variable of package ctxvar, in a package that callers and workers both
// import:
//
//	var resize = remote.New("resize", func(ctx context.Context, p Picture) (Thumb, error) { … })
//
// A caller calls it. [Func.Call] has the signature that gather.Map, Each and
// Stream expect, and [Func.With] returns a task.Func:
//
//	thumbs, err := gather.Map(ctx, pictures, resize.Call, gather.Limit(100))
//	t := task.Go(ctx, resize.With(picture))
//
// A context variable, set by [Through], determines where the function runs. If
// it is not set, the function runs in the calling goroutine, so a program
// without an engine, such as a test, needs no changes. A worker runs [Serve]
// with the same engine:
//
//	err := remote.Serve(ctx, engine, []remote.Callable{resize}, remote.Concurrency(20))
//
// # What crosses
//
// The argument and the result cross as JSON, unless [Encoding] sets another
// format. Only the variables named by [Carry] cross: a job never sees those of
// its worker, nor those of another job. The deadline crosses as the time that
// is left, so clocks need not agree. A cancellation crosses with its cause.
//
// An error crosses as its text. On the other side, errors.Is and errors.As find
// the errors and types named with [Sentinel] and [Type], the errors of package
// context and some of the standard library's, and the error types of package
// task. A panic becomes a [*task.PanicError] with the worker's stack, and a
// Goexit becomes [task.ErrGoexit].
//
// # How often a job runs
//
// A job whose call returns a result has run at least once. Errors and panics
// are results, and are not tried again; use gather.Retry for that. If a worker
// is lost, because it was killed, its machine died, or the network failed, its
// jobs are given to other workers, at most as often as [Deliveries] allows. The
// lost worker may have finished the work and died before it could say so, or
// may still be alive behind a broken network. So the functions of jobs should
// be idempotent: running one twice must have the same effect as running it
// once. The caller gets one result, the first.
//
// # Engines
//
// An [Engine] passes jobs to workers. [NewLocal] makes one in this process.
// Package remotenats, a module of its own, has one over NATS JetStream. Package
// remotetest has the tests that every engine must pass. docs/machines.md
// describes what happens when something fails.
package remote
