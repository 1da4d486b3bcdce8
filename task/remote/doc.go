// Package remote runs functions on other machines, as tasks and jobs of package
// gather run them on this one.
//
// A [Func] is a function with a name. Declare it at package level, in a package
// that callers and workers both import, as one declares a variable of package
// ctxvar:
//
//	var resize = remote.New("resize", func(ctx context.Context, p Picture) (Thumb, error) { … })
//
// A caller calls it. [Func.Call] has the signature that gather.Map, Each and
// Stream want, and [Func.With] makes a task.Func:
//
//	thumbs, err := gather.Map(ctx, pictures, resize.Call, gather.Limit(100))
//	t := task.Go(ctx, resize.With(picture))
//
// Where the function runs is a context variable, which [Through] sets. Unless it
// is set, the function runs in the calling goroutine: a program without an engine,
// such as a test, is the same program. A worker runs [Serve] with the same engine:
//
//	err := remote.Serve(ctx, engine, []remote.Callable{resize}, remote.Concurrency(20))
//
// # What crosses
//
// The argument and the result cross as JSON, unless [Encoding] says otherwise.
// Variables cross if [Carry] names them, and no others do: a job never sees those
// of its worker, nor those of another job. The deadline crosses as the time that
// is left, so that clocks need not agree. A cancellation crosses with its cause.
//
// An error crosses as its text. What errors.Is and errors.As find on the other side
// is what [Sentinel] and [Type] name, the errors of package context and some of the
// standard library's, and the error types of package task. A panic is a
// [*task.PanicError] with the worker's stack, and a Goexit is [task.ErrGoexit].
//
// # How often a job runs
//
// A job runs at least once if its call returns a result. An error and a panic are
// results, and nothing tries them again; see gather.Retry for that. A job whose
// worker is lost, because it was killed, its machine died, or the network fell
// apart, is given to another worker, at most as often as [Deliveries] says. The
// lost worker may have finished the work and died before it said so, or may be
// alive behind a broken network. So the functions of jobs should be idempotent:
// to run twice must do no more than to run once. The caller gets one result, the
// first.
//
// # Engines
//
// An [Engine] brings jobs to workers. [NewLocal] makes one in this process.
// Package remotenats, a module of its own, has one over NATS JetStream. Package
// remotetest has the tests that every engine passes. docs/machines.md has what
// happens when something fails.
package remote
