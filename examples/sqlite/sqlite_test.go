package main_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	driver "modernc.org/sqlite"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/examples/internal/ledger"
	"github.com/heirloom-go/heirloom/examples/internal/ledgertest"
	"github.com/heirloom-go/heirloom/examples/internal/sqlitedb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open returns an empty database in a file.
func open(t testing.TB, busy time.Duration, with func(string, time.Duration) (*sql.DB, error)) *sql.DB {
	db, err := with(filepath.Join(t.TempDir(), "test database?.db"), busy)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

func TestLedger(t *testing.T) {
	ledgertest.Run(t, ledgertest.Backend{
		Open:      func(t *testing.T) *sql.DB { return open(t, 10*time.Second, sqlitedb.Open) },
		Retryable: sqlitedb.Busy,
	})
}

// cancelNow is called by the SQL function cancel_now(), with which a test ends a ctx
// while a statement runs.
var cancelNow atomic.Pointer[context.CancelFunc]

func init() {
	driver.MustRegisterScalarFunction("cancel_now", 0,
		func(*driver.FunctionContext, []sqldriver.Value) (sqldriver.Value, error) {
			(*cancelNow.Load())()
			return int64(0), nil
		})
}

// endless is an expression that never has a value.
const endless = `cancel_now() + (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n)`

// interrupted runs statement in a savepoint of a transaction. The transaction opens
// accounts before the savepoint for alice, within it for bob, and after it for carol.
// interrupted returns how the savepoint, carol's opening and the transaction ended.
func interrupted(t *testing.T, db *sql.DB, l *ledger.Ledger, statement string) (part, after, whole error) {
	whole = ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		assert.NoError(t, l.Open(ctx, "alice", 100))
		limited, cancel := context.WithCancel(ctx)
		defer cancel()
		cancelNow.Store(&cancel)
		part = ctxsql.InTx(limited, db, nil, func(ctx context.Context) error {
			assert.NoError(t, l.Open(ctx, "bob", 100))
			_, err := ctxsql.Conn(db).ExecContext(ctx, statement)
			return err
		}, ctxsql.Savepoint())
		after = l.Open(ctx, "carol", 100)
		return nil
	})
	return part, after, whole
}

func TestInterruptedQueryInAPart(t *testing.T) {
	db := open(t, time.Second, sqlitedb.Open)
	l := ledger.New(db)
	require.NoError(t, l.Create(t.Context()))
	part, after, whole := interrupted(t, db, l, `SELECT `+endless)
	require.ErrorIs(t, part, context.Canceled)
	require.NoError(t, after)
	require.NoError(t, whole)
	balance, _, err := l.Totals(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 200, balance, "alice's and carol's")
}

// SQLite undoes the whole transaction when a statement that writes is interrupted. Then
// the statements before the savepoint are undone, and those after it would be a
// transaction of their own. They must not run.
func TestInterruptedWriteInAPart(t *testing.T) {
	db := open(t, time.Second, sqlitedb.Open)
	l := ledger.New(db)
	require.NoError(t, l.Create(t.Context()))
	part, after, whole := interrupted(t, db, l, `INSERT INTO accounts SELECT 'x', `+endless)
	require.ErrorIs(t, part, context.Canceled)
	require.ErrorIs(t, after, ctxsql.ErrRollbackOnly)
	require.ErrorIs(t, whole, ctxsql.ErrRollbackOnly)
	balance, _, err := l.Totals(t.Context())
	require.NoError(t, err)
	assert.Zero(t, balance, "nothing of it")
}

func TestReadersDontWait(t *testing.T) {
	db := open(t, 0, sqlitedb.Open)
	l := ledger.New(db)
	require.NoError(t, l.Create(t.Context()))
	readOnly := &sql.TxOptions{ReadOnly: true}
	require.NoError(t, ctxsql.InTx(t.Context(), db, readOnly, func(ctx context.Context) error {
		before, _, err := l.Totals(ctx)
		assert.NoError(t, err)
		// An entry of its own is made on another connection, while this one reads.
		assert.NoError(t, ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			return l.Open(ctx, "alice", 100)
		}, ctxsql.Autonomous()))
		after, _, err := l.Totals(ctx)
		assert.Equal(t, before, after, "a transaction sees the state it began with")
		return err
	}))
	balance, _, err := l.Totals(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 100, balance)
}

func TestSecondWriterIsRefused(t *testing.T) {
	db := open(t, 0, sqlitedb.Open)
	l := ledger.New(db)
	require.NoError(t, l.Create(t.Context()))
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		err := ctxsql.InTx(ctx, db, nil, func(context.Context) error {
			t.Error("called")
			return nil
		}, ctxsql.Autonomous())
		assert.True(t, sqlitedb.Busy(err), "%v", err)
		return l.Open(ctx, "alice", 100)
	}))
}

// With plain BEGIN, transactions that read and then write get in each other's way, and
// each of them succeeds only because of Retry.
func TestRetryOfBusyTransactions(t *testing.T) {
	db := open(t, 0, sqlitedb.OpenDeferred)
	l := ledger.New(db)
	require.NoError(t, l.Create(t.Context()))
	require.NoError(t, l.Open(t.Context(), "alice", 0))
	const clients = 4
	var (
		wg, read sync.WaitGroup
		attempts atomic.Int32
	)
	read.Add(clients)
	for range clients {
		wg.Go(func() {
			first := true
			assert.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				attempts.Add(1)
				balance, err := l.Balance(ctx, "alice")
				if first { // all have read before one writes
					first = false
					read.Done()
					read.Wait()
				}
				if err != nil {
					return err
				}
				_, err = ctxsql.Conn(db).ExecContext(ctx, `UPDATE accounts SET balance = $1 WHERE id = 'alice'`, balance+1)
				return err
			}, ctxsql.Retry(1000, sqlitedb.Busy)))
		})
	}
	wg.Wait()
	balance, err := l.Balance(t.Context(), "alice")
	require.NoError(t, err)
	assert.Equal(t, clients, balance)
	assert.GreaterOrEqual(t, int(attempts.Load()), 2*clients-1, "only one can have succeeded at once")
}

func TestBusy(t *testing.T) {
	assert.False(t, sqlitedb.Busy(nil))
	assert.False(t, sqlitedb.Busy(sql.ErrNoRows))
	db := open(t, 0, sqlitedb.Open)
	_, err := db.ExecContext(t.Context(), `SELECT nonsense`)
	require.Error(t, err)
	assert.False(t, sqlitedb.Busy(err))
}
