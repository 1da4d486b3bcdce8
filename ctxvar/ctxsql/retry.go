package ctxsql

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"
)

// retry runs fn in a new transaction, and again where c says so.
func (c *config) retry(ctx context.Context, db *sql.DB, opts *sql.TxOptions, at place, fn func(context.Context) error) error {
	const longest = 256 * time.Millisecond
	pause := 2 * time.Millisecond
	for retries := 0; ; retries++ {
		err := begin(ctx, db, opts, at, fn)
		if err == nil || retries >= c.retries || ctx.Err() != nil || !c.retryable(err) {
			return err
		}
		// The random part is all of it: those that collided are to come back at
		// different times.
		timer := time.NewTimer(rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("ctxsql: not tried again: %w: %w", ctx.Err(), err)
		}
		pause = min(2*pause, longest)
	}
}
