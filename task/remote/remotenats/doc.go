// Package remotenats is an engine for package remote over NATS JetStream.
//
//	nc, err := nats.Connect("nats://…")
//	engine, err := remotenats.New(ctx, nc)
//	defer engine.Close()
//	defer remote.Through(engine).Reset()       // in a caller
//	err = remote.Serve(ctx, engine, funcs)     // in a worker
//
// Callers and workers that use one namespace, see [Namespace], belong together. The
// connection is the caller's: TLS, credentials and reconnecting are set there. Let
// it reconnect for ever (nats.MaxReconnects(-1)), or a call fails when it gives up.
//
// # What is stored
//
// A namespace has two streams, which New makes if they are missing: NAME-jobs, in
// which a job stays from its call until its outcome is stored, and NAME-outcomes, in
// which outcomes and reports stay for [OutcomeAge]. Each function has a durable
// consumer in the first. A worker asks for as many jobs as it has free places, so
// that none waits behind a busy worker, and acknowledges a job when its outcome is
// stored.
//
// # Who is lost
//
// A worker gives a sign of life for its jobs each third of the namespace's lease,
// see [Lease]. A job without one for the length of the lease is given to another
// worker. A worker that can't reach the server for so long cancels its jobs, with
// remote.ErrLeaseLost.
//
// A worker asks each third of the lease whether the callers of its jobs are there.
// One that does not answer twice, one after another, is gone: its jobs are
// cancelled, with remote.ErrCallerGone, and those that wait are dropped. So a caller
// has a third of the lease to reconnect.
//
// # Limits
//
// A job runs at least once: see package remote. An argument or a result with its
// variables must fit in a message of the server, which is 1 MiB unless the server
// is set otherwise; larger ones fail with remote.ErrTooLarge. The option remote.Lease
// of a function means nothing here, for the lease is the namespace's.
//
// Whoever may publish in the namespace can have workers run their functions, with
// any argument and any variables. Use the permissions of NATS.
package remotenats
