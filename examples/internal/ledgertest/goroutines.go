package ledgertest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/examples/internal/ledger"
)

func testOtherGoroutine(t *testing.T, b Backend) {
	db, l := open(t, b)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		inGoroutine(func() {
			err := l.Open(ctx, "carol", 1)
			assert.ErrorIs(t, err, ctxsql.ErrOtherGoroutine)
			_, err = l.Balance(ctx, "alice")
			assert.ErrorIs(t, err, ctxsql.ErrOtherGoroutine)
			err = l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 10})
			assert.ErrorIs(t, err, ctxsql.ErrOtherGoroutine)
		})
		return nil
	}))
	requireBalances(t, l, 100, 100)
	_, err := l.Balance(t.Context(), "carol")
	assert.ErrorIs(t, err, sql.ErrNoRows)
}

func testEnded(t *testing.T, b Backend) {
	db, l := open(t, b)
	var (
		wg    sync.WaitGroup
		ended = make(chan struct{})
	)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		wg.Go(func() {
			<-ended
			assert.ErrorIs(t, l.Open(ctx, "carol", 1), ctxsql.ErrTxEnded)
			_, err := l.Balance(ctx, "alice")
			assert.ErrorIs(t, err, sql.ErrTxDone)
		})
		return nil
	}))
	close(ended)
	wg.Wait()
	_, err := l.Balance(t.Context(), "carol")
	assert.ErrorIs(t, err, sql.ErrNoRows)
}

func testShare(t *testing.T, b Backend) {
	db, l := open(t, b)
	const sharers = 10
	open := func(ctx context.Context) error {
		var wg sync.WaitGroup
		for i := range sharers {
			wg.Go(func() {
				assert.NoError(t, ctxsql.Share(ctx, db, func(ctx context.Context) error {
					return l.Open(ctx, fmt.Sprintf("account %d", i), 1)
				}))
			})
		}
		wg.Wait()
		return nil
	}
	require.ErrorIs(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		return errors.Join(open(ctx), errBoom)
	}), errBoom)
	balance, _, err := l.Totals(t.Context())
	require.NoError(t, err)
	require.Equal(t, 200, balance, "undone, all of them")

	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, open))
	balance, _, err = l.Totals(t.Context())
	require.NoError(t, err)
	require.Equal(t, 200+sharers, balance)
}

// Many clients work at once, and some of them fail: no money appears or disappears.
func testConcurrentClients(t *testing.T, b Backend) {
	db, l := open(t, b)
	const clients, rounds = 8, 15
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			move := ledger.Transfer{Source: "alice", Target: "bob", Amount: 1}
			if client%2 == 0 {
				move.Source, move.Target = move.Target, move.Source
			}
			for round := range rounds {
				err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
					if err := l.Transfer(ctx, move); err != nil {
						return err
					}
					if round%3 == 0 {
						return errBoom
					}
					return nil
				}, ctxsql.Retry(50, b.Retryable))
				if round%3 == 0 {
					assert.ErrorIs(t, err, errBoom)
				} else {
					assert.NoError(t, err)
				}
			}
		})
	}
	wg.Wait()
	requireBalances(t, l, 100, 100)
	_, transfers, err := l.Totals(t.Context())
	require.NoError(t, err)
	assert.Equal(t, clients*rounds*2/3, transfers)
	assert.Zero(t, db.Stats().InUse)
}
