// Package remotetemporal is an engine for package remote on standalone activities of
// Temporal, for programs whose operators run Temporal already.
//
//	c, err := client.Dial(client.Options{…})
//	engine := remotetemporal.New(c)
//	defer remote.Through(engine).Reset()       // in a caller
//	err = remote.Serve(ctx, engine, funcs)     // in a worker
//
// Callers and workers belong together if their clients have the same namespace and their
// engines the same [Prefix]. The server must have standalone activities, which are on by
// default since Temporal 1.32.
//
// # What is stored
//
// A job is an activity that has the job's ID as its own, on a task queue for each
// function. Its arguments are a map, with the job's variables and attempts, and the
// argument of the job. Temporal's tools show both of them and the result, if these are
// JSON. They go through the client's data converter, which may encrypt them. The activity
// returns the outcome, also when the function failed: Temporal repeats only a job that
// was lost, as often as remote.Deliveries allows. Outcomes stay for the retention of the
// namespace.
//
// # Lost workers and callers
//
// A worker gives a sign of life for each of its jobs as often as [Heartbeat] says. A job
// that has had none for remote.Lease is given to another worker. A worker that can't
// reach the server for that long cancels its jobs, with remote.ErrLeaseLost. A running
// job learns with its next heartbeat that it was cancelled, and gets its caller's cause.
// If it was cancelled with Temporal's tools, its cause is context.Canceled with the given
// reason in its text.
//
// Temporal does not know whether a caller is there. So while calls last longer than a
// third of their lease, the engine keeps a presence: in each lease it starts an activity
// on a task queue of the callers, which no worker asks, and the server ends this activity
// after two leases. Once in a third of the lease, workers look for the presence of the
// callers of their jobs. When a caller is gone, its running jobs are cancelled within
// about three leases, with remote.ErrCallerGone, and its waiting jobs are dropped. So a
// caller that can't reach the server, or is stopped, for less than a lease does not count
// as gone. A lease shorter than 2 s counts as 2 s here.
//
// # Limits
//
// A job runs at least once: see package remote. An argument may have just under 2 MiB,
// and so may a result with its reports; larger ones fail with remote.ErrTooLarge. Each
// heartbeat has all reports of the job so far: a job may have 192 KiB of them, and
// further ones are lost. They come with the outcome unless [Live] is given.
// remote.Backlog limits the calls of an engine that have no outcome yet, including calls
// whose jobs run, because Temporal says only roughly how many jobs wait. Choose a number
// above that of the places of all workers.
//
// Anyone who may start activities in the namespace can make its workers run their
// functions, with any argument and any variables. Use the authorization of Temporal.
package remotetemporal
