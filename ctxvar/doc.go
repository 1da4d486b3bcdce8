// Package ctxvar gives Go the context variables of Python's contextvars: a
// [Var] is declared once, at package level, and any code reads it with no
// parameter. What a goroutine sets, it and the goroutines it starts from then
// on see, and no other.
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
// value that the running goroutine has, or else the default. [Var.Set] gives it
// a value and returns a [Token], with which [Token.Reset] gives back the one
// before; [Var.With] does both around a function call.
//
// A value is shared by reference, as in Python: isolation is of the binding,
// not of what a pointer, a map or a slice refers to. Replace such a value with
// Set, don't change it in place, unless sharing it is the point.
//
// # Goroutines
//
// Every goroutine begins with a snapshot of the variables of the one that
// started it, whoever that is: a go statement here, errgroup, net/http, or a
// library that has never heard of this package. The snapshot costs what copying
// a pointer costs, whatever is set, and neither side sees what the other sets
// afterwards.
//
// Goroutines that other goroutines start inherit from those, which is seldom
// what their user wants: a connection pool's opener or a cache's refresher that
// is started lazily, while a request is served, keeps that request's values.
// [Detach] starts such things without. A function that [time.AfterFunc] calls
// inherits nothing, and one that [context.AfterFunc] calls has the variables of
// whoever cancels. The function given to [iter.Pull] runs with a snapshot taken
// when Pull was called. Finalizers, cleanups and Go functions that threads of C
// call run in goroutines of the runtime's, which go from one call to the next
// with what was set to stay: begin them with Detach.
//
// # Contexts
//
// A [Context] is a set of values as an object. [Copy] takes the running
// goroutine's, in constant time, and [Context.Run] calls a function with them,
// in which changes stay in the Context. It carries values to where the go
// statement doesn't: over a channel, to a pool of workers, into a callback.
//
// [NewContext] puts a snapshot into a [context.Context], and [FromContext]
// takes it out, for interfaces that have one already. [RunFrom] does a job with
// it, in one line.
//
// # Whose values
//
// A goroutine that others share, as a worker of a pool that was started lazily,
// has the values of whoever happened to start it, and a plain Get there reads
// them: the go statement inherits, and nobody says that the job has changed. Do
// such a job with RunFrom.
//
// [Work] marks the boundaries of a request, a message, a job: ctxhttp.Middleware
// and the like begin one with each. By it, [Effective] tells whether the running
// goroutine's values are newer than those that a ctx carries, or of something
// else, and loggers, clients and drivers go by that. And a variable for identity,
// see [Identity], is readable only within the work that set it: what authorises
// should be one.
//
// Outside of a work, a value that is set to stay lasts as long as its goroutine.
// In a server without the middleware that is longer than the request: the next
// one on the connection finds it.
//
// # Misuse
//
// To reset a token twice, with another variable or in another context, to run a
// Context that is being run already, and to use a Var that [New] did not make,
// are mistakes of the programmer, and panic with a [*TokenError], an
// [*EnterError] or a [*VarError]. [Var.MustGet] panics with a [*LookupError]
// where there is nothing to return.
//
// # Profiler labels
//
// Labels are labels, variables are variables: what anybody writes to the labels
// of a goroutine, with [runtime/pprof.Do] or as a tracer does, whatever the ctx,
// does not give it variables that it did not have. Nor does it take any away, in
// a program that was built with the command heirloom exact; see [Mode].
//
// In any other program a goroutine inherits its variables along with its labels,
// for that is what the go statement copies. It keeps them elsewhere as soon as
// it has set a variable or run anything of this package: from then on labels
// don't matter. What is left is goroutines that only inherit:
//
//   - One that does nothing with variables but to read them, and whose labels
//     are overwritten with a ctx that is not of [NewContext], has none from then
//     on. The same goes for one that is started while its parent has such labels
//     and has not used a variable since.
//   - One that is started in a pprof.Do, with a ctx of NewContext, inherits as
//     long as the parent changes no variable between having got the labels and
//     the child's first look at a variable, unless the parent has looked at one
//     before the go statement. Otherwise it has none.
//
// [Do], and NewContext(ctx) around a labelled ctx, are free of all this.
// [MayBeLost] and [LostCount] tell where it happens. docs/design.md has the
// whole table.
//
// # Safety
//
// All functions and methods may be called by any number of goroutines at the
// same time, but for the one [Context.Run] that a Context has at a time.
package ctxvar
