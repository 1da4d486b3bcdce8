package main_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/examples/internal/ledger"
	"github.com/heirloom-go/heirloom/examples/internal/ledgertest"
	postgres "github.com/heirloom-go/heirloom/examples/postgres"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// schemas counts the schemas made, one for each database that a test opens.
var schemas atomic.Int32

// open returns an empty database: a new schema in the database at the address in
// HEIRLOOM_POSTGRES_DSN.
func open(t testing.TB) *sql.DB {
	dsn := os.Getenv("HEIRLOOM_POSTGRES_DSN")
	if dsn == "" {
		t.Skip("HEIRLOOM_POSTGRES_DSN is not set, so there is no PostgreSQL to test against")
	}
	db, closeDB, err := postgres.Open(t.Context(), dsn, fmt.Sprintf("test_%d_%d", os.Getpid(), schemas.Add(1)))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, closeDB()) })
	db.SetMaxOpenConns(10)
	return db
}

// openLedger returns a ledger in which alice and bob have 100 each.
func openLedger(t testing.TB) (*sql.DB, *ledger.Ledger) {
	db := open(t)
	l := ledger.New(db)
	require.NoError(t, l.Create(t.Context()))
	require.NoError(t, l.Open(t.Context(), "alice", 100))
	require.NoError(t, l.Open(t.Context(), "bob", 100))
	return db, l
}

func TestLedger(t *testing.T) {
	open(t) // skips the test without a database
	ledgertest.Run(t, ledgertest.Backend{
		Open:      func(t *testing.T) *sql.DB { return open(t) },
		Retryable: postgres.Retryable,
	})
}

func TestOptions(t *testing.T) {
	db := open(t)
	opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	require.NoError(t, ctxsql.InTx(t.Context(), db, opts, func(ctx context.Context) error {
		var isolation, readOnly string
		row := ctxsql.Conn(db).QueryRowContext(ctx,
			`SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')`)
		assert.NoError(t, row.Scan(&isolation, &readOnly))
		assert.Equal(t, "repeatable read", isolation)
		assert.Equal(t, "on", readOnly)
		return nil
	}))
}

// This is a write skew: alice and bob may be overdrawn as long as they have enough
// together. Two transactions each see that they have enough, and take from different
// accounts. They must not both be committed. PostgreSQL decides which of them fails,
// and when.
func TestRetryOfSerializationFailures(t *testing.T) {
	db, l := openLedger(t)
	conn := ctxsql.Conn(db)
	_, err := db.ExecContext(t.Context(), `ALTER TABLE accounts DROP CONSTRAINT accounts_balance_check`)
	require.NoError(t, err)
	serializable := &sql.TxOptions{Isolation: sql.LevelSerializable}
	var (
		wg, read sync.WaitGroup
		attempts atomic.Int32
		refused  atomic.Int32
	)
	read.Add(2)
	for _, account := range []string{"alice", "bob"} {
		wg.Go(func() {
			first := true
			assert.NoError(t, ctxsql.InTx(t.Context(), db, serializable, func(ctx context.Context) error {
				attempts.Add(1)
				balance, _, err := l.Totals(ctx)
				if first { // both have read before one writes
					first = false
					read.Done()
					read.Wait()
				}
				if err != nil {
					return err
				}
				if balance < 150 {
					refused.Add(1)
					return nil
				}
				_, err = conn.ExecContext(ctx, `UPDATE accounts SET balance = balance - 150 WHERE id = $1`, account)
				return err
			}, ctxsql.Retry(10, postgres.Retryable)))
		})
	}
	wg.Wait()
	balance, _, err := l.Totals(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 50, balance)
	assert.GreaterOrEqual(t, attempts.Load(), int32(3), "one had to be tried again")
	assert.Equal(t, int32(1), refused.Load(), "and saw then what the other had done")
}

func TestRetryOfDeadlocks(t *testing.T) {
	db, l := openLedger(t)
	conn := ctxsql.Conn(db)
	var (
		wg, locked sync.WaitGroup
		attempts   atomic.Int32
	)
	locked.Add(2)
	add := func(ctx context.Context, account string) error {
		_, err := conn.ExecContext(ctx, `UPDATE accounts SET balance = balance + 1 WHERE id = $1`, account)
		return err
	}
	for _, order := range [][2]string{{"alice", "bob"}, {"bob", "alice"}} {
		wg.Go(func() {
			first := true
			assert.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				attempts.Add(1)
				err := add(ctx, order[0])
				if first { // both have locked one before one asks for the other
					first = false
					locked.Done()
					locked.Wait()
				}
				if err != nil {
					return err
				}
				return add(ctx, order[1])
			}, ctxsql.Retry(10, postgres.Retryable)))
		})
	}
	wg.Wait()
	balance, _, err := l.Totals(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 204, balance)
	assert.GreaterOrEqual(t, attempts.Load(), int32(3))
}

// After an error, PostgreSQL accepts only a rollback, which may be to a savepoint.
func TestErrorInAPart(t *testing.T) {
	db, l := openLedger(t)
	var failed *pgconn.PgError
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		assert.Error(t, l.Open(ctx, "alice", 1))
		return l.Open(ctx, "carol", 1)
	})
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "25P02", failed.Code, "in_failed_sql_transaction")

	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			return l.Open(ctx, "alice", 1)
		}, ctxsql.Savepoint())
		assert.ErrorAs(t, err, &failed)
		assert.Equal(t, "23505", failed.Code, "unique_violation")
		return l.Open(ctx, "carol", 1)
	}))
	balance, err := l.Balance(t.Context(), "carol")
	require.NoError(t, err)
	assert.Equal(t, 1, balance)
}

func TestAutonomous(t *testing.T) {
	db, l := openLedger(t)
	require.ErrorIs(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		assert.NoError(t, l.Open(ctx, "carol", 1))
		assert.NoError(t, ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			_, err := l.Balance(ctx, "carol")
			assert.ErrorIs(t, err, sql.ErrNoRows, "one transaction does not see what another has not committed")
			return l.Open(ctx, "dave", 1)
		}, ctxsql.Autonomous()))
		return context.Canceled
	}), context.Canceled)
	_, err := l.Balance(t.Context(), "carol")
	require.ErrorIs(t, err, sql.ErrNoRows)
	_, err = l.Balance(t.Context(), "dave")
	require.NoError(t, err)
}

// A ctx that ends during a statement costs pgx the connection, so a time limit for a
// part is one for the whole. It is enough that nothing is committed and nothing hangs.
func TestTimeLimitForAPart(t *testing.T) {
	db, l := openLedger(t)
	var after error
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		assert.NoError(t, l.Open(ctx, "carol", 1))
		limited, cancel := context.WithCancel(ctx)
		defer cancel()
		err := ctxsql.InTx(limited, db, nil, func(ctx context.Context) error {
			var pid int
			assert.NoError(t, ctxsql.Conn(db).QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&pid))
			go func() {
				defer cancel()
				assert.Eventually(t, func() bool { // only a statement that has begun costs the connection
					var sleeps bool
					err := db.QueryRowContext(t.Context(), `SELECT state = 'active' AND query LIKE '%pg_sleep%' FROM pg_stat_activity WHERE pid = $1`, pid).Scan(&sleeps)
					return err == nil && sleeps
				}, time.Minute, time.Millisecond)
			}()
			_, err := ctxsql.Conn(db).ExecContext(ctx, `SELECT pg_sleep(600)`)
			return err
		}, ctxsql.Savepoint())
		assert.ErrorIs(t, err, context.Canceled)
		after = l.Open(ctx, "dave", 1)
		return nil
	})
	require.ErrorIs(t, err, ctxsql.ErrRollbackOnly)
	require.ErrorIs(t, after, ctxsql.ErrRollbackOnly)
	balance, _, err := l.Totals(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 200, balance)
}

func TestServerEndsTheConnection(t *testing.T) {
	db, l := openLedger(t)
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		assert.NoError(t, l.Open(ctx, "carol", 1))
		var pid int
		assert.NoError(t, ctxsql.Conn(db).QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&pid))
		_, err := db.ExecContext(ctx, `SELECT pg_terminate_backend($1, 10000)`, pid)
		assert.NoError(t, err)
		return l.Open(ctx, "dave", 1)
	})
	require.Error(t, err)
	balance, _, err := l.Totals(t.Context())
	require.NoError(t, err, "the pool has other connections")
	assert.Equal(t, 200, balance)
}

// A connection of PostgreSQL has one statement at a time, until its rows are read or
// closed. If goroutines that share a transaction forget this, the driver returns an
// error, and the transaction is lost.
func TestSharedWhileRowsAreOpen(t *testing.T) {
	db, l := openLedger(t)
	share := func(ctx context.Context, account string) error {
		result := make(chan error)
		go func() {
			result <- ctxsql.Share(ctx, db, func(ctx context.Context) error { return l.Open(ctx, account, 1) })
		}()
		return <-result
	}
	require.Error(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		rows, err := ctxsql.Conn(db).QueryContext(ctx, `SELECT id FROM accounts`)
		if err != nil {
			return err
		}
		defer rows.Close()
		assert.Error(t, share(ctx, "carol"))
		return nil
	}))
	_, err := l.Balance(t.Context(), "carol")
	require.ErrorIs(t, err, sql.ErrNoRows)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		_, err := l.Balance(ctx, "alice") // Scan closes its row
		assert.NoError(t, err)
		return share(ctx, "carol")
	}))
}

func TestRetryable(t *testing.T) {
	assert.False(t, postgres.Retryable(nil))
	assert.False(t, postgres.Retryable(sql.ErrNoRows))
	assert.False(t, postgres.Retryable(&pgconn.PgError{Code: "23505"}))
	assert.True(t, postgres.Retryable(fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: "40001"})))
	assert.True(t, postgres.Retryable(&pgconn.PgError{Code: "40P01"}))
}
