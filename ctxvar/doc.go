// Package ctxvar gives Go the context variables of Python's contextvars: a
// [Var] is declared once, at package level, and any code can read it without a
// parameter. A value is visible to the goroutine that set it and to the
// goroutines that it starts afterwards, and to no others.
//
//	var requestID = ctxvar.New("request_id", ctxvar.Default("-"))
//
//	func handle(w http.ResponseWriter, r *http.Request) {
//		defer requestID.Set(r.Header.Get("X-Request-Id")).Reset()
//		work()
//	}
//
//	func work() { log.Printf("%s: working", requestID.Get()) }
//
// # Variables
//
// [New] declares a variable, with an optional [Default]. [Var.Get] returns the
// running goroutine's value, or else the default. [Var.Set] sets a value and
// returns a [Token]; [Token.Reset] restores the previous value. [Var.With] sets
// a value for the duration of a function call.
//
// A value is shared by reference, as in Python: the binding is isolated, not
// what a pointer, a map or a slice refers to. Unless sharing is the point,
// replace such a value with Set rather than change it in place.
//
// # Goroutines
//
// Every goroutine begins with a snapshot of the variables of the goroutine that
// started it, whether the go statement is in your code, in errgroup, in
// net/http, or in a library that has never heard of this package. Taking the
// snapshot costs as much as copying a pointer, however many variables are set.
// Afterwards, neither goroutine sees what the other sets.
//
// A goroutine that another goroutine starts inherits from that one, which is
// not always what you want: if a connection pool starts its opener, or a cache
// its refresher, lazily while a request is served, that goroutine keeps the
// request's values. Start such goroutines inside [Detach], so that they begin
// without variables. A function called by [time.AfterFunc] inherits nothing,
// and one called by [context.AfterFunc] has the variables of the goroutine that
// cancels the context. The function given to [iter.Pull] runs with a snapshot
// taken when Pull was called. Finalizers, cleanups and Go functions called from
// C threads run in goroutines of the runtime, in which a value set by one call
// and never reset is still there in the next; such functions should begin with
// Detach.
//
// # Contexts
//
// A [Context] is a set of variables and their values. [Copy] returns one with
// the running goroutine's values, in constant time. [Context.Run] calls a
// function with the values of a Context, and changes that the function makes
// stay in the Context. A Context carries values where the go statement does
// not: over a channel, to a pool of workers, into a callback.
//
// [NewContext] puts a snapshot into a [context.Context], and [FromContext] gets
// it back, for interfaces that already pass a ctx. [RunFrom] runs a function
// with the snapshot in a ctx, in one line.
//
// # Whose values
//
// A goroutine that serves several callers, such as a worker that a pool started
// lazily, has the values of the caller that happened to start it, and Get in
// that goroutine returns them: values are inherited when the goroutine starts,
// and nothing notices that its job has changed. Run such a job with RunFrom.
//
// [Work] marks the extent of one request, message or job. ctxhttp.Middleware
// and the other adapters begin a work with each one they receive. [Effective]
// uses works to decide whether the running goroutine's values are newer than
// those that a ctx carries, or belong to something else; loggers, clients and
// drivers follow its decision. A variable for identity (see [Identity]) is
// readable only within the work in which it was set. Variables that authorise
// should be variables for identity.
//
// Outside of a work, a value that is never reset lasts as long as its
// goroutine. In a server without the middleware this is longer than the
// request, and the next request on the same connection sees the value.
//
// # Misuse
//
// It is a programming error to reset a token twice, with another variable or in
// another context, to run a Context that is already being run, or to use a Var
// that [New] did not make. These panic with a [*TokenError], an [*EnterError]
// or a [*VarError]. [Var.MustGet] panics with a [*LookupError] if there is no
// value to return.
//
// # Profiler labels
//
// Profiler labels and variables are independent. Code that writes a goroutine's
// labels, with [runtime/pprof.Do] or as a tracer does, with whatever ctx, never
// gives the goroutine variables that it did not have. In a program built with
// the command heirloom exact (see [Mode]), it never takes any away either.
//
// In any other program, a goroutine inherits its variables along with its
// labels, because labels are what the go statement copies. Once the goroutine
// has set a variable or run anything with this package, its variables are also
// stored elsewhere, and from then on nobody's labels affect them. The following
// limits concern only goroutines that have inherited variables and done
// neither:
//
//   - A goroutine that has only read variables loses them when its labels are
//     overwritten with a ctx that does not come from [NewContext]. A goroutine
//     started while its parent has such labels, and has not used a variable
//     since they were written, inherits none.
//   - A goroutine started in a pprof.Do whose ctx comes from NewContext
//     inherits the variables if the parent changes no variable between getting
//     the labels and the child's first use of a variable, or if the parent uses
//     a variable between getting the labels and the go statement. Otherwise it
//     inherits none.
//
// With [Do] there is neither limit, and with NewContext(ctx) around a labelled
// ctx only the second. [MayBeLost] and [LostCount] report where variables may
// have been lost. docs/design.md has the complete table.
//
// # Safety
//
// All functions and methods are safe for concurrent use, except that only one
// goroutine may be in [Context.Run] of a given Context at a time.
package ctxvar
