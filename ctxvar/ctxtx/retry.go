package ctxtx

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// retry runs fn in a new transaction, and again where c says so.
func (a *Adapter) retry(ctx context.Context, db any, isolation string, begin func(context.Context) (Tx, error), fn func(context.Context) error, c config) error {
	const longest = 256 * time.Millisecond
	pause := 2 * time.Millisecond
	for retries := 0; ; retries++ {
		err := a.once(ctx, db, isolation, begin, fn)
		if err == nil || retries >= c.retries || ctx.Err() != nil || !c.retryable(err) {
			return err
		}
		// The whole time is random, so that transactions that collided run again at
		// different times.
		timer := time.NewTimer(rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%s: not tried again: %w: %w", a.name, ctx.Err(), err)
		}
		pause = min(2*pause, longest)
	}
}
