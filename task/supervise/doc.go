// Package supervise runs functions that should run for ever, and runs them
// again when they fail.
//
//	err := task.Group(ctx, func(ctx context.Context) error {
//		supervise.Go(ctx, listen, supervise.Name("listener"))
//		supervise.Go(ctx, consume, supervise.Name("consumer"), supervise.MaxRestarts(5, time.Minute))
//		return nil
//	})
//
// [Run] runs a function, and again whenever it fails, until it returns without
// an error, ctx ends, or it fails too often. [Go] does so in a task of its own.
// When the scope that ctx comes from is ending, there is no further run, even if
// ctx does not end, as under [context.WithoutCancel].
//
// # Failures
//
// A run fails if the function returns an error, panics, calls [runtime.Goexit],
// or is cancelled while ctx is not. Each failure is reported once: if the
// function will be run again, to [OnFailure], at once; otherwise Run returns
// it. Of earlier failures only their times are kept, for as long as
// [MaxRestarts] needs them.
//
// A run can find out its number, and what ended the previous run, from
// [Current], which is a variable of package ctxvar. So the tree of tasks can
// show it too.
//
// # Runs
//
// Each run is a [task.Run]: a task of its own, with a copy of the variables of
// the caller of Run, and a scope. What it started and left running is cancelled
// and waited for before the next run begins, so two runs never hold the same
// port.
//
// # Waiting
//
// Run waits between two runs: for a tenth of a second after the first failure,
// and for twice as long after each further one, up to half a minute. Each wait
// is shortened by a random part of up to a half, so that functions which failed
// together do not restart together. [Backoff] and [Delay] change these times.
// After a run that was [Stable], which by default means that it lasted a
// minute, counting begins anew.
//
// # Strategies
//
// Erlang's supervisors have strategies for several children. Here they are
// combinations of Run and task.Group. As in Erlang, a failure that exceeds the
// limit goes up the tree: it fails the Group around.
//
// One for one: each child restarts alone. Each has its own Go, as above.
//
// One for all: if one fails, all are restarted. Put Run around the Group, which
// a failure aborts:
//
//	supervise.Run(ctx, func(ctx context.Context) error {
//		return task.Group(ctx, func(ctx context.Context) error {
//			task.Go(ctx, listen)
//			task.Go(ctx, consume)
//			return nil
//		})
//	})
//
// Rest for one: if one fails, it and those started after it are restarted. Put
// the later ones inside of the earlier one's run:
//
//	supervise.Run(ctx, func(ctx context.Context) error {
//		conn, err := dial(ctx) // if this fails, all
//		if err != nil {
//			return err
//		}
//		defer conn.Close()
//		return supervise.Run(ctx, func(ctx context.Context) error { return consume(ctx, conn) },
//			supervise.MaxRestarts(3, time.Minute))
//	})
package supervise
