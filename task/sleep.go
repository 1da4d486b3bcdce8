package task

import (
	"context"
	"runtime"
	"runtime/trace"
	"time"

	"github.com/heirloom-go/heirloom/internal/verdict"
)

// overdue is how long Sleep waits for a ctx whose limit has passed to end.
const overdue = time.Second

// Sleep waits for d and returns nil, or until ctx is done and returns ctx's
// error. If d is zero or negative, Sleep yields to other goroutines and
// returns.
//
// A sleep that is to last longer than ctx always returns an error, even on a
// machine that was so busy, or suspended, that both times have passed before
// the goroutine runs again.
//
// It mirrors asyncio.sleep.
func Sleep(ctx context.Context, d time.Duration) error {
	checkCtx(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	if d <= 0 {
		runtime.Gosched()
		return ctx.Err()
	}
	end := time.Now().Add(d)
	done := ctx.Done()
	limit, limited := ctx.Deadline()
	limited = limited && done != nil && !limit.After(end)
	if n := here(); n != nil {
		n.waitsFor(&asleep)
		defer n.waitsFor(nil)
	}
	if trace.IsEnabled() {
		defer trace.StartRegion(ctx, "task.Sleep").End()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
		return verdict.ErrOf(ctx)
	}
	if !limited && !isDue(ctx, end) {
		return nil
	}
	// The limit came before the end of the sleep, and has passed. Its timer is as late as
	// ours and will fire soon, unless ctx is of a type that reports a deadline without
	// having a timer.
	timer.Reset(overdue)
	select {
	case <-timer.C:
		return nil
	case <-done:
		return verdict.ErrOf(ctx)
	}
}
