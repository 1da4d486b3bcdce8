package dbtx

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// retry runs fn in a new transaction, and again where c says so.
func (k *Kind) retry(ctx context.Context, db, opts any, isolation string, c Config, at place, fn func(context.Context) error) error {
	const longest = 256 * time.Millisecond
	pause := 2 * time.Millisecond
	for retries := 0; ; retries++ {
		err := k.begin(ctx, db, opts, isolation, at, fn)
		if err == nil || retries >= c.Retries || ctx.Err() != nil || !c.Retryable(err) {
			return err
		}
		// The random part is all of it: those that collided are to come back at
		// different times.
		timer := time.NewTimer(rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%s: not tried again: %w: %w", k.pkg, ctx.Err(), err)
		}
		pause = min(2*pause, longest)
	}
}
