// Package remotetemporal is an engine for package remote on standalone activities of
// Temporal, for those who run Temporal already.
//
//	c, err := client.Dial(client.Options{…})
//	engine := remotetemporal.New(c)
//	defer remote.Through(engine).Reset()       // in a caller
//	err = remote.Serve(ctx, engine, funcs)     // in a worker
//
// Callers and workers with clients of one namespace, and with one [Prefix], belong
// together. The server must have standalone activities, which Temporal has on by
// default since 1.32.
//
// # What is stored
//
// A job is an activity, with the job's ID for its own, on a task queue for each
// function. Its arguments are a map with the job's variables and attempts, and the
// job's argument. Temporal's tools show both, and the result, if they are JSON. They go
// through the client's data converter, which may encrypt them. An outcome is what the
// activity returns, also that of a function that failed: Temporal tries again only what
// is lost, as often as remote.Deliveries allows. Outcomes stay for the retention of the
// namespace.
//
// # Who is lost
//
// A worker gives a sign of life for each of its jobs as often as [Heartbeat] says, and a
// job without one for remote.Lease is given to another worker. A worker that can't reach
// the server for so long cancels its jobs, with remote.ErrLeaseLost. A job that runs
// hears with its next heartbeat that it was cancelled, with its caller's cause; one that
// was cancelled with Temporal's tools has context.Canceled as its cause, and the reason
// that was given in its text.
//
// Temporal does not know whether a caller is there. So an engine whose calls take longer
// than a third of their lease starts an activity each lease, on a task queue of the
// callers' that no worker asks, which the server ends after two leases: its presence.
// Workers look for that of the callers of their jobs, once in a third of the lease.
// When a caller is gone, its jobs are cancelled within about three leases, with
// remote.ErrCallerGone, and those that wait are dropped. So a caller that can't reach the
// server, or is stopped, for less than a lease is not taken for gone. For this, a lease
// counts as 2 s if it is shorter.
//
// # Limits
//
// A job runs at least once: see package remote. An argument may have just under 2 MiB,
// and so may a result with its reports; larger ones fail with remote.ErrTooLarge.
// Reports are in each heartbeat, all of them: a job may have 192 KiB of them, and
// what is more is lost. They come with the outcome unless [Live] is given. What
// remote.Backlog counts here are the calls of an engine that have no outcome yet, also
// those whose jobs run, since Temporal tells only roughly how many wait: choose a number
// above that of the places of all workers.
//
// Whoever may start activities in the namespace can have workers run their functions,
// with any argument and any variables. Use the authorization of Temporal.
package remotetemporal
