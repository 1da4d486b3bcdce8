// Package ledgertest tests transactions as a variable over a real database. Its tests
// must pass on every database.
package ledgertest

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/examples/internal/ledger"
)

// A Backend is a database under test.
type Backend struct {
	// Open returns an empty database, which it closes at the end of the test.
	Open func(t *testing.T) *sql.DB
	// Retryable reports whether err is worth another attempt.
	Retryable func(err error) bool
}

var errBoom = errors.New("boom")

// Run runs the tests.
func Run(t *testing.T, b Backend) {
	for name, test := range map[string]func(*testing.T, Backend){
		"Commit":            testCommit,
		"Undone":            testUndone,
		"JoinedFailure":     testJoinedFailure,
		"Batch":             testBatch,
		"NestedSavepoints":  testNestedSavepoints,
		"SavepointPanic":    testSavepointPanic,
		"TwoDatabases":      testTwoDatabases,
		"OtherGoroutine":    testOtherGoroutine,
		"Ended":             testEnded,
		"Share":             testShare,
		"Stmt":              testStmt,
		"OnCommit":          testOnCommit,
		"Cancelled":         testCancelled,
		"ConcurrentClients": testConcurrentClients,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

// open returns a ledger in which alice and bob have 100 each.
func open(t *testing.T, b Backend) (*sql.DB, *ledger.Ledger) {
	db := b.Open(t)
	l := ledger.New(db)
	ctx := t.Context()
	require.NoError(t, l.Create(ctx))
	require.NoError(t, l.Open(ctx, "alice", 100))
	require.NoError(t, l.Open(ctx, "bob", 100))
	return db, l
}

// requireBalances asserts the balances of alice and bob.
func requireBalances(t *testing.T, l *ledger.Ledger, alice, bob int) {
	t.Helper()
	got, err := l.Balance(t.Context(), "alice")
	require.NoError(t, err)
	assert.Equal(t, alice, got, "alice")
	got, err = l.Balance(t.Context(), "bob")
	require.NoError(t, err)
	assert.Equal(t, bob, got, "bob")
}

// inGoroutine runs fn in a new goroutine and waits until it has ended, however it ends.
func inGoroutine(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

func testCommit(t *testing.T, b Backend) {
	db, l := open(t, b)
	require.NoError(t, l.Transfer(t.Context(), ledger.Transfer{Source: "alice", Target: "bob", Amount: 10}))
	requireBalances(t, l, 90, 110)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		if err := l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 10}); err != nil {
			return err
		}
		inside, err := l.Balance(ctx, "alice")
		assert.Equal(t, 80, inside, "a transaction sees what it did")
		return err
	}))
	requireBalances(t, l, 80, 120)
}

func testUndone(t *testing.T, b Backend) {
	db, l := open(t, b)
	for name, end := range map[string]func(){
		"error":  nil,
		"panic":  func() { panic(errBoom) },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			inGoroutine(func() {
				defer func() { _ = recover() }()
				err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
					assert.NoError(t, l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 10}))
					if end != nil {
						end()
					}
					return errBoom
				})
				assert.Same(t, errBoom, err)
			})
			requireBalances(t, l, 100, 100)
			assert.Zero(t, db.Stats().InUse, "the connection is given back")
		})
	}
}

func testJoinedFailure(t *testing.T, b Backend) {
	db, l := open(t, b)
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		assert.NoError(t, l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 10}))
		err := l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "nobody", Amount: 10})
		assert.ErrorIs(t, err, ledger.ErrNoAccount)
		return nil
	})
	require.ErrorIs(t, err, ctxsql.ErrRollbackOnly)
	require.ErrorIs(t, err, ledger.ErrNoAccount)
	requireBalances(t, l, 100, 100)
}

func testBatch(t *testing.T, b Backend) {
	_, l := open(t, b)
	refused, err := l.Batch(t.Context(), []ledger.Transfer{
		{Source: "alice", Target: "bob", Amount: 10},
		{Source: "alice", Target: "nobody", Amount: 10},
		{Source: "bob", Target: "alice", Amount: 1000}, // fails in its second statement, because of the table's CHECK
		{Source: "bob", Target: "alice", Amount: 30},
	})
	require.NoError(t, err)
	require.Len(t, refused, 2)
	assert.ErrorIs(t, refused[0], ledger.ErrNoAccount)
	assert.ErrorContains(t, refused[1], "adding -1000 to bob")
	requireBalances(t, l, 120, 80)
	_, transfers, err := l.Totals(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, transfers)
}

func testNestedSavepoints(t *testing.T, b Backend) {
	db, l := open(t, b)
	move := func(ctx context.Context, amount int) {
		assert.NoError(t, l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: amount}))
	}
	nest := func(ctx context.Context, fn func(ctx context.Context) error) error {
		return ctxsql.InTx(ctx, db, nil, fn, ctxsql.Savepoint())
	}
	require.NoError(t, nest(t.Context(), func(ctx context.Context) error {
		move(ctx, 1)
		assert.Same(t, errBoom, nest(ctx, func(ctx context.Context) error {
			move(ctx, 2)
			assert.NoError(t, nest(ctx, func(ctx context.Context) error {
				move(ctx, 4)
				return nil
			}))
			return errBoom
		}))
		return nest(ctx, func(ctx context.Context) error {
			move(ctx, 8)
			assert.Same(t, errBoom, nest(ctx, func(ctx context.Context) error {
				move(ctx, 16)
				return errBoom
			}))
			return nil
		})
	}))
	requireBalances(t, l, 91, 109)
}

func testSavepointPanic(t *testing.T, b Backend) {
	db, l := open(t, b)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		assert.NoError(t, l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 1}))
		assert.PanicsWithValue(t, errBoom, func() {
			_ = ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
				assert.NoError(t, l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 2}))
				panic(errBoom)
			}, ctxsql.Savepoint())
		})
		return l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 4})
	}))
	requireBalances(t, l, 95, 105)
}

func testTwoDatabases(t *testing.T, b Backend) {
	home, homeLedger := open(t, b)
	away, awayLedger := open(t, b)
	move := ledger.Transfer{Source: "alice", Target: "bob", Amount: 10}
	err := ctxsql.InTx(t.Context(), home, nil, func(ctx context.Context) error {
		err := ctxsql.InTx(ctx, away, nil, func(ctx context.Context) error {
			assert.NoError(t, homeLedger.Transfer(ctx, move))
			return awayLedger.Transfer(ctx, move)
		})
		assert.NoError(t, err)
		return errBoom
	})
	require.Same(t, errBoom, err)
	requireBalances(t, homeLedger, 100, 100)
	requireBalances(t, awayLedger, 90, 110)
}

func testStmt(t *testing.T, b Backend) {
	db, l := open(t, b)
	prepared, err := db.PrepareContext(t.Context(), `UPDATE accounts SET balance = balance + $1 WHERE id = $2`)
	require.NoError(t, err)
	defer prepared.Close()
	add := func(ctx context.Context, amount int) {
		stmt, err := ctxsql.Stmt(ctx, db, prepared)
		if assert.NoError(t, err) {
			_, err = stmt.ExecContext(ctx, amount, "alice")
			assert.NoError(t, err)
		}
	}
	add(t.Context(), 1)
	require.Same(t, errBoom, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		add(ctx, 2)
		return errBoom
	}))
	add(t.Context(), 4)
	requireBalances(t, l, 105, 100)
}

func testOnCommit(t *testing.T, b Backend) {
	db, l := open(t, b)
	var seen []int
	note := func(ctx context.Context) {
		balance, err := l.Balance(ctx, "alice")
		assert.NoError(t, err)
		seen = append(seen, balance)
	}
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		assert.NoError(t, ctxsql.OnCommit(ctx, db, note))
		err := l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 10})
		assert.Empty(t, seen)
		return err
	}))
	assert.Equal(t, []int{90}, seen, "as others see it")
}

func testCancelled(t *testing.T, b Backend) {
	db, l := open(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		assert.NoError(t, l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 10}))
		cancel()
		return l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 10})
	})
	require.ErrorIs(t, err, context.Canceled)

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	err = ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		err := l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 10})
		cancel()
		return err
	})
	require.ErrorIs(t, err, context.Canceled, "what is cancelled is not committed, even if it is done")
	requireBalances(t, l, 100, 100)
}
