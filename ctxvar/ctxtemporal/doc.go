// Package ctxtemporal sends variables along with calls of Temporal's workflows and
// activities, and gives each its own: what a client has set is set in the workflow, and
// what the workflow has set is set in its activities, without a parameter.
//
//	var tenant = ctxvar.New[string]("tenant")
//
//	fields := []ctxwire.Field{ctxwire.String(tenant, "tenant")}
//	c, err := client.Dial(ctxtemporal.Options(client.Options{…}, fields...))
//	w := worker.New(c, "queue", worker.Options{})
//
// Only what is chosen so travels, in headers, as text in JSON. Temporal does not pass
// headers through a data converter: they are in the history, readable.
//
// # What has which variables
//
//   - A workflow begins with those that its caller has sent, and no others: none of
//     the worker's. What it sets, it has until it returns. A workflow that is continued
//     as new, and a child, are sent what the code has set that starts them.
//   - A coroutine started by workflow.Go begins with a copy of what the one has that
//     starts it, as with a go statement.
//   - A handler of a query or an update begins with what the code had that has set it,
//     and what the caller of the query or the update has sent on top. It is a piece of
//     work of its own, see [ctxvar.Work], so that it has no identity but its caller's,
//     see [ctxvar.Identity]. What it sets is gone when it returns.
//   - A signal is received by code of the workflow, with that code's variables. Those
//     of its sender are in the header, for interceptors and for other SDKs. What
//     the workflow is to know of its sender belongs in the signal's argument, or use an
//     update.
//   - An activity, local or not, has those that the workflow has where it calls it, and
//     so has a standalone activity those of its client. Its ctx carries them.
//   - A schedule's workflows are sent what was set where the schedule was made.
//
// # Replay
//
// A worker runs the code of a workflow again from its history, maybe on another
// machine, and must come by the same values. It does with all of the above, since they
// come from headers, which are in the history, and from what the code sets. For the
// same reason
//
//   - [ctxwire.RequestID] makes the ID of a workflow that was sent none of the ID of its
//     run,
//   - what the function of a side effect or the validator of an update sets is gone when
//     it returns, for those are not called again,
//   - fields made by [ctxwire.Around] do nothing in workflows; they do in activities.
//
// Three things are the program's to keep: functions given to [ctxwire.Func] and
// [ctxwire.From] must return the same for the same header; a variable that a workflow
// reads must be sent, or be set in the workflow, or have a default that is the same in
// every release of the worker; and a variable made with [ctxvar.DefaultFunc], whose
// function is called with each Get, must have one that returns the same each time. One
// that returns the time or something random belongs in a workflow.SideEffect.
//
// To add a field to a program with running workflows is safe as far as they don't
// branch on its variable: what is in headers is not compared in a replay.
//
// # Both halves
//
// Temporal has propagators, which write and read headers, and interceptors, which run
// code. This package needs both. With a propagator alone a workflow would read the
// worker's own variables, and others when it is replayed by another worker, without an
// error; what it calls then fails with [ErrNoInterceptor]. [Options] installs both in a
// client and the workers made with it. A replayer and the SDK's testsuite take
// [NewPropagator] and [NewInterceptor].
//
// Handlers of Nexus operations are left as they are.
package ctxtemporal
