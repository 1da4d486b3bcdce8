// Package supervise runs functions that are to go on for ever, and runs them
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
//
// # Failures
//
// A run fails if the function returns an error, panics, calls
// [runtime.Goexit], or is cancelled by somebody while ctx is not. Each failure
// is told once: to [OnFailure], at once, if the function is to be run again; or
// else it is what Run returns. Nothing is kept of the earlier ones but when they
// happened, for as long as [MaxRestarts] looks back.
//
// A run knows which one it is, and what ended the one before: see [Current],
// which is a variable of package ctxvar. So it also shows in the tree of tasks.
//
// # Runs
//
// Each run is a [task.Run]: a task of its own, with a copy of the variables that
// the caller of Run has, and a scope. What it started and left running is
// cancelled and waited for before the next run begins, so that two of them never
// hold the same port.
//
// # Waiting
//
// Between two runs Run waits: a tenth of a second after the first failure, and
// twice as long after each further one, up to half a minute, less a random part
// of up to a half, so that what failed together does not come back together.
// [Backoff] and [Delay] say otherwise. After a run that was [Stable], lasting a
// minute, counting begins anew.
//
// # Strategies
//
// Erlang's supervisors have strategies for several children. Here they are what
// Run and task.Group make together, and a failure that is one too many goes up
// the tree as it does there: it fails the Group around.
//
// One for one: each child restarts alone. Each has its own Go, as above.
//
// One for all: if one fails, all are restarted. Run goes around the Group, which
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
// Rest for one: if one fails, it and those started after it are restarted. The
// later ones are inside of the earlier one's run:
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
