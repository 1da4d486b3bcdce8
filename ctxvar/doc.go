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
// when Pull was called.
//
// # Contexts
//
// A [Context] is a set of values as an object. [Copy] takes the running
// goroutine's, in constant time, and [Context.Run] calls a function with them,
// in which changes stay in the Context. It carries values to where the go
// statement doesn't: over a channel, to a pool of workers, into a callback.
//
// [NewContext] puts a snapshot into a [context.Context], and [FromContext]
// takes it out, for interfaces that have one already. It also is what makes
// variables live through [runtime/pprof.Do]; see below.
//
// # Misuse
//
// To reset a token twice, with another variable or in another context, and to
// run a Context that is being run already, are mistakes of the programmer, and
// panic with a [*TokenError] or an [*EnterError]. [Var.MustGet] panics with a
// [*LookupError] where there is nothing to return.
//
// # Profiler labels
//
// A goroutine's variables are in the slot that the runtime has for the labels
// of profiler samples, see [runtime/pprof.Do], for that is what a goroutine
// inherits. Labels and variables get along: labels that are on a goroutine stay
// when variables are set, and profiles show them as ever. What overwrites the
// labels overwrites the variables, however:
//
//   - pprof.Do(ctx, …), pprof.SetGoroutineLabels(ctx): the variables stay if ctx
//     descends from [NewContext], or is the ctx of a task, a group or a request
//     that Heirloom's middleware has seen. Inside and afterwards, the newest
//     values set in the goroutine hold.
//   - With any other ctx, as context.Background(), they are gone, inside and
//     afterwards; a Token made before still gives its variables back. [Do] is
//     pprof.Do without this flaw, whatever ctx is.
//
// A goroutine that sets nothing itself, and calls pprof.Do with the ctx that
// another goroutine's pprof.Do gave to its function, has the values that this ctx
// carries: those of when the other one's first pprof.Do began. Between the start
// of a pprof.Do and the first use of a variable inside, a goroutine has one label
// more, with an empty key and an empty value, which pprof's binary profiles leave
// out and textual ones show as "":"". A goroutine started in that state after a
// nested pprof.Do has set variables has the values from before it. None of this
// happens with Do, and the first not with NewContext(ctx).
//
// # Safety
//
// All functions and methods may be called by any number of goroutines at the
// same time, but for the one [Context.Run] that a Context has at a time.
package ctxvar
