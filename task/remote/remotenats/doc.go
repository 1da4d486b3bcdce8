// Package remotenats is an engine for package remote over NATS JetStream.
//
//	nc, err := nats.Connect("nats://…")
//	engine, err := remotenats.New(ctx, nc)
//	defer engine.Close()
//	defer remote.Through(engine).Reset()       // in a caller
//	err = remote.Serve(ctx, engine, funcs)     // in a worker
//
// Callers and workers that use the same [Namespace] belong together. The connection
// is the caller's: TLS, credentials and reconnecting are set there. Let it reconnect
// for ever (nats.MaxReconnects(-1)), or calls fail when it gives up.
//
// # What is stored
//
// A namespace has two streams, which New makes if they are missing. A job stays in
// NAME-jobs from its call until its outcome is stored. Outcomes and reports stay in
// NAME-outcomes for [OutcomeAge]. Each function has a durable consumer in the first
// stream. A worker asks for as many jobs as it has free places, so that no job waits
// behind a busy worker, and acknowledges a job when its outcome is stored.
//
// # Lost workers and callers
//
// A worker gives a sign of life for its jobs in each third of the namespace's lease
// (see [Lease]). A job that has had no sign of life for the length of the lease is
// given to another worker. A worker that can't reach the server for that long cancels
// its jobs, with remote.ErrLeaseLost.
//
// In each third of the lease, a worker asks whether the callers of its jobs are
// there. A caller that does not answer twice in a row is gone: its running jobs are
// cancelled, with remote.ErrCallerGone, and its waiting jobs are dropped. So a caller
// has a third of the lease to reconnect.
//
// # Limits
//
// A job runs at least once: see package remote. An argument or a result, together
// with its variables, must fit into a message of the server, which is 1 MiB unless
// the server is set otherwise; larger ones fail with remote.ErrTooLarge. The option
// remote.Lease of a function has no effect here, because the lease is the
// namespace's.
//
// Anyone who may publish in the namespace can make its workers run their functions,
// with any argument and any variables. Use the permissions of NATS.
package remotenats
