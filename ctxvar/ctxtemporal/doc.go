// Package ctxtemporal sends variables with calls of Temporal's workflows and
// activities, and gives each of them variables of its own: what a client has
// set is set in the workflow, and what the workflow has set is set in its
// activities, without a parameter.
//
//	var tenant = ctxvar.New[string]("tenant")
//
//	fields := []ctxwire.Field{ctxwire.String(tenant, "tenant")}
//	c, err := client.Dial(ctxtemporal.Options(client.Options{…}, fields...))
//	w := worker.New(c, "queue", worker.Options{})
//
// Only the variables of these fields are sent, in headers, as JSON texts.
// Temporal does not pass headers through a data converter, so they are readable
// in the history.
//
// # Which code has which variables
//
//   - A workflow begins with the variables that its caller has sent, and with
//     none of the worker's. What it sets remains set until it returns. A
//     workflow that is continued as new, and a child workflow, receive what the
//     code that starts them has set.
//   - A coroutine started by workflow.Go begins with a copy of the variables of
//     the coroutine that starts it, as with a go statement.
//   - A handler of a query or an update begins with the variables of the code
//     that registered it, with those sent by the caller of the query or the
//     update on top. It is a work of its own (see [ctxvar.Work]), so it has
//     only its caller's identity (see [ctxvar.Identity]). What it sets is
//     discarded when it returns.
//   - A signal is received by code of the workflow, with that code's variables.
//     The variables of its sender are in the header, for interceptors and for
//     other SDKs. What the workflow itself needs of its sender belongs in the
//     signal's argument, or in an update.
//   - An activity, local or not, has the variables of the workflow at the place
//     of the call, and a standalone activity has those of its client. Its ctx
//     carries them.
//   - The workflows of a schedule receive what was set where the schedule was
//     made.
//
// # Replay
//
// A worker runs the code of a workflow again from its history, perhaps on
// another machine, and must then find the same values. It finds them in all
// cases above, because the values come from headers, which are in the history,
// and from what the code sets. For the same reason
//
//   - if a workflow received no ID, [ctxwire.RequestID] uses the ID of its run,
//   - what the function of a side effect or the validator of an update sets is
//     discarded when it returns, because these are not called again,
//   - fields made by [ctxwire.Around] have no effect in workflows; they do in
//     activities.
//
// The program must ensure three things. Functions given to [ctxwire.Func] and
// [ctxwire.From] must return the same result for the same header. A variable
// that a workflow reads must be sent, be set in the workflow, or have a default
// that is the same in every release of the worker. The function given to
// [ctxvar.DefaultFunc], which is called with each Get, must return the same
// value each time; a function that returns the time or something random belongs
// in a workflow.SideEffect.
//
// Adding a field to a program with running workflows is safe as long as they do
// not branch on its variable: replay does not compare the content of headers.
//
// # Both halves
//
// Temporal has propagators, which write and read headers, and interceptors,
// which run code. This package needs both. With only a propagator, a workflow
// would read the worker's own variables, and other ones when another worker
// replays it, without an error; therefore, what such a workflow calls fails
// with [ErrNoInterceptor]. [Options] installs both in a client and the workers
// made with it. For a replayer and the SDK's testsuite, use [NewPropagator] and
// [NewInterceptor].
//
// The package does not affect handlers of Nexus operations.
package ctxtemporal
