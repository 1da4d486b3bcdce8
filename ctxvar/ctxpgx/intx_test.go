package ctxpgx_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxpgx"
)

func TestInTxEnds(t *testing.T) {
	pool := open(t)
	for _, tt := range []struct {
		reason string
		end    func() error
		err    error
		panics any
		kept   []string
	}{
		{reason: "what succeeds is committed", end: func() error { return nil }, kept: []string{"INSERT"}},
		{reason: "the function's error is what the caller gets", end: func() error { return errBoom }, err: errBoom},
		{reason: "a panic goes on", end: func() error { panic(errBoom) }, panics: errBoom},
		{reason: "Goexit goes on", end: func() error { runtime.Goexit(); return nil }},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			_, err := pool.Exec(t.Context(), "TRUNCATE notes")
			require.NoError(t, err)
			inGoroutine(func() {
				defer func() { assert.Equal(t, tt.panics, recover()) }()
				err := ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
					assert.NoError(t, note(ctx, pool, "INSERT"))
					assert.Empty(t, notes(t, pool), "not yet")
					return tt.end()
				})
				assert.Equal(t, tt.err, err)
			})
			assert.ElementsMatch(t, tt.kept, notes(t, pool))
			assert.Zero(t, pool.Stat().AcquiredConns())
		})
	}
}

// All methods take part in the transaction.
func TestEachUseIsInTheTransaction(t *testing.T) {
	pool := open(t)
	db := ctxpgx.Conn(pool)
	err := ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		assert.NoError(t, note(ctx, pool, "exec"))
		var b pgx.Batch
		b.Queue("INSERT INTO notes VALUES ('batch')")
		b.Queue("SELECT count(*) FROM notes").QueryRow(func(row pgx.Row) error {
			var n int
			assert.NoError(t, row.Scan(&n))
			assert.Equal(t, 2, n)
			return nil
		})
		assert.NoError(t, db.SendBatch(ctx, &b).Close())
		n, err := db.CopyFrom(ctx, pgx.Identifier{"notes"}, []string{"text"}, pgx.CopyFromRows([][]any{{"copied"}}))
		assert.NoError(t, err)
		assert.EqualValues(t, 1, n)
		tx, err := ctxpgx.Tx(ctx, pool)
		assert.NoError(t, err)
		_, err = tx.Exec(ctx, "INSERT INTO notes VALUES ('tx')")
		assert.NoError(t, err)
		rows, _ := db.Query(ctx, "SELECT text FROM notes ORDER BY text")
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		assert.NoError(t, err)
		assert.Equal(t, []string{"batch", "copied", "exec", "tx"}, texts)
		var n1 int
		assert.NoError(t, db.QueryRow(ctx, "SELECT count(*) FROM notes").Scan(&n1))
		assert.Equal(t, 4, n1)
		return errBoom
	})
	require.ErrorIs(t, err, errBoom)
	assert.Empty(t, notes(t, pool))
	for op, use := range uses {
		if op != "Tx" {
			assert.NoError(t, use(t.Context(), pool), op)
		}
	}
}

func TestInTxPassesOptions(t *testing.T) {
	pool := open(t)
	opts := &pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	require.NoError(t, ctxpgx.InTx(t.Context(), pool, opts, func(ctx context.Context) error {
		var isolation, readOnly string
		assert.NoError(t, ctxpgx.Conn(pool).QueryRow(ctx,
			`SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')`).Scan(&isolation, &readOnly))
		assert.Equal(t, "repeatable read on", isolation+" "+readOnly)

		never := func(context.Context) error { assert.Fail(t, "called"); return nil }
		err := ctxpgx.InTx(ctx, pool, &pgx.TxOptions{IsoLevel: pgx.Serializable}, never)
		requireTxError(t, "InTx", ctxpgx.ErrIsolation, err)
		assert.ErrorContains(t, err, "begin it with serializable too")
		return ctxpgx.InTx(ctx, pool, opts, func(context.Context) error { return nil })
	}))
}

func TestInTxCannotBegin(t *testing.T) {
	pool := unreachable(t)
	never := func(context.Context) error { assert.Fail(t, "called"); return nil }
	err := ctxpgx.InTx(t.Context(), pool, nil, never)
	var failed *pgconn.ConnectError
	require.ErrorAs(t, err, &failed)
	assert.ErrorContains(t, err, "ctxpgx: beginning a transaction: ")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, ctxpgx.InTx(ctx, pool, nil, never), context.Canceled)
}

// Nothing is committed with a ctx that has ended, and its connection can be used again.
func TestInTxCancelled(t *testing.T) {
	pool := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	var pid, after int
	err := ctxpgx.InTx(ctx, pool, nil, func(ctx context.Context) error {
		assert.NoError(t, ctxpgx.Conn(pool).QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid))
		assert.NoError(t, note(ctx, pool, "INSERT"))
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.EqualError(t, err, "ctxpgx: committing: context canceled")
	assert.Empty(t, notes(t, pool))
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid).Scan(&after))
	assert.Equal(t, 1, after, "the connection was kept")
}

// A transaction that PostgreSQL has given up by itself does not count as committed.
func TestFailedTransaction(t *testing.T) {
	pool := open(t)
	err := ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		assert.NoError(t, note(ctx, pool, "twice"))
		assert.Error(t, note(ctx, pool, "twice"))
		return nil
	})
	require.ErrorIs(t, err, pgx.ErrTxCommitRollback)
	assert.Empty(t, notes(t, pool))
}

func TestServerEndsTheConnection(t *testing.T) {
	pool := open(t)
	err := ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		var pid int
		assert.NoError(t, note(ctx, pool, "INSERT"))
		assert.NoError(t, ctxpgx.Conn(pool).QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&pid))
		_, err := pool.Exec(ctx, `SELECT pg_terminate_backend($1, 10000)`, pid)
		assert.NoError(t, err)
		return note(ctx, pool, "LATE")
	})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "rolling back", "the transaction is gone with its connection")
	assert.Empty(t, notes(t, pool), "the pool has other connections")
}

func TestNesting(t *testing.T) {
	pool := open(t)
	err := ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		join := func(text string, err error, options ...ctxpgx.Option) error {
			return ctxpgx.InTx(ctx, pool, nil, func(ctx context.Context) error {
				assert.NoError(t, note(ctx, pool, text))
				return err
			}, options...)
		}
		assert.NoError(t, join("joined", nil))
		assert.NoError(t, join("savepoint", nil, ctxpgx.Savepoint()))
		assert.Equal(t, errBoom, join("undone", errBoom, ctxpgx.Savepoint()))
		assert.NoError(t, join("apart", nil, ctxpgx.Autonomous()))
		assert.Equal(t, []string{"apart"}, notes(t, pool))

		failed := ctxpgx.InTx(ctx, pool, nil, func(ctx context.Context) error {
			assert.NoError(t, note(ctx, pool, "n"))
			return note(ctx, pool, "n")
		}, ctxpgx.Savepoint())
		var e *pgconn.PgError
		assert.ErrorAs(t, failed, &e)
		assert.NoError(t, note(ctx, pool, "after an error, thanks to the savepoint"))
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"after an error, thanks to the savepoint", "apart", "joined", "savepoint"}, notes(t, pool))

	err = ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		_ = ctxpgx.InTx(ctx, pool, nil, func(context.Context) error { return errBoom })
		return note(ctx, pool, "more")
	})
	typed := requireTxError(t, "InTx", ctxpgx.ErrRollbackOnly, err)
	assert.Regexp(t, `^intx_test\.go:\d+$`, typed.Begun)
	assert.ErrorIs(t, err, errBoom)
	assert.NotContains(t, notes(t, pool), "more")
}

func TestTwoPoolsDontMix(t *testing.T) {
	a, b := open(t), open(t)
	require.ErrorIs(t, ctxpgx.InTx(t.Context(), a, nil, func(ctx context.Context) error {
		assert.NoError(t, note(ctx, a, "a"))
		assert.NoError(t, note(ctx, b, "b"))
		assert.NoError(t, ctxpgx.InTx(ctx, b, nil, func(ctx context.Context) error {
			assert.NoError(t, note(ctx, a, "a2"))
			return note(ctx, b, "b2")
		}))
		return errBoom
	}), errBoom)
	assert.Empty(t, notes(t, a))
	assert.Equal(t, []string{"b", "b2"}, notes(t, b))
}

// A ctx that ends during a statement costs pgx the connection, so a time limit for a part
// is one for the whole. It is enough that nothing is committed and nothing hangs.
func TestTimeLimitForAPart(t *testing.T) {
	pool := open(t)
	var after error
	err := ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		limited, cancel := context.WithCancel(ctx)
		defer cancel()
		err := ctxpgx.InTx(limited, pool, nil, func(ctx context.Context) error {
			var pid int
			assert.NoError(t, ctxpgx.Conn(pool).QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&pid))
			go func() {
				defer cancel()
				assert.Eventually(t, func() bool { // only a statement that has begun costs the connection
					var sleeps bool
					err := pool.QueryRow(t.Context(), `SELECT state = 'active' AND query LIKE '%pg_sleep%' FROM pg_stat_activity WHERE pid = $1`, pid).Scan(&sleeps)
					return err == nil && sleeps
				}, time.Minute, time.Millisecond)
			}()
			_, err := ctxpgx.Conn(pool).Exec(ctx, `SELECT pg_sleep(600)`)
			return err
		}, ctxpgx.Savepoint())
		assert.ErrorIs(t, err, context.Canceled)
		after = note(ctx, pool, "after")
		return nil
	})
	require.ErrorIs(t, err, ctxpgx.ErrRollbackOnly)
	require.ErrorIs(t, after, ctxpgx.ErrRollbackOnly)
	assert.Empty(t, notes(t, pool))
}

func TestOnCommit(t *testing.T) {
	pool := open(t)
	var called []string
	add := func(ctx context.Context, name string) {
		assert.NoError(t, ctxpgx.OnCommit(ctx, pool, func(ctx context.Context) {
			_, err := ctxpgx.Tx(ctx, pool)
			assert.ErrorIs(t, err, ctxpgx.ErrNoTx, "outside of the transaction")
			called = append(called, fmt.Sprint(name, " ", len(notes(t, pool))))
		}))
	}
	add(t.Context(), "at once")
	require.NoError(t, ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		add(ctx, "first")
		assert.Error(t, ctxpgx.InTx(ctx, pool, nil, func(ctx context.Context) error {
			add(ctx, "undone")
			return errBoom
		}, ctxpgx.Savepoint()))
		add(ctx, "second")
		return note(ctx, pool, "n")
	}))
	require.Error(t, ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		add(ctx, "rolled back")
		return errBoom
	}))
	assert.Equal(t, []string{"at once 0", "first 1", "second 1"}, called)
}

// This is a write skew: each of two transactions sees no note, and adds one only in
// that case. PostgreSQL decides which of them fails, and when.
func TestRetryOfSerializationFailures(t *testing.T) {
	pool := open(t)
	serializable := &pgx.TxOptions{IsoLevel: pgx.Serializable}
	var (
		wg, read sync.WaitGroup
		attempts atomic.Int32
	)
	read.Add(2)
	for _, name := range []string{"alice", "bob"} {
		wg.Go(func() {
			first := true
			assert.NoError(t, ctxpgx.InTx(t.Context(), pool, serializable, func(ctx context.Context) error {
				attempts.Add(1)
				var n int
				err := ctxpgx.Conn(pool).QueryRow(ctx, "SELECT count(*) FROM notes").Scan(&n)
				if first { // both have read before one writes
					first = false
					read.Done()
					read.Wait()
				}
				if err != nil || n > 0 {
					return err
				}
				return note(ctx, pool, name)
			}, ctxpgx.Retry(10, ctxpgx.Retryable)))
		})
	}
	wg.Wait()
	assert.Len(t, notes(t, pool), 1)
	assert.GreaterOrEqual(t, attempts.Load(), int32(3), "one had to be tried again")
}

func TestRetryable(t *testing.T) {
	assert.False(t, ctxpgx.Retryable(nil))
	assert.False(t, ctxpgx.Retryable(errBoom))
	assert.False(t, ctxpgx.Retryable(&pgconn.PgError{Code: "23505"}))
	assert.True(t, ctxpgx.Retryable(fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: "40001"})))
	assert.True(t, ctxpgx.Retryable(&pgconn.PgError{Code: "40P01"}))
	assert.PanicsWithError(t, "ctxtx.Retry: nil function; pass one that says which errors are worth another attempt", func() { ctxpgx.Retry(1, nil) })
}

// Without a transaction, and without a database.
func TestNoTransaction(t *testing.T) {
	pool := unreachable(t)
	_, err := ctxpgx.Tx(t.Context(), pool)
	requireTxError(t, "Tx", ctxpgx.ErrNoTx, err)
	err = ctxpgx.Share(ctxvar.NewContext(t.Context()), pool, nil)
	requireTxError(t, "Share", ctxpgx.ErrNoTx, err)
	assert.ErrorContains(t, err, "ctxpgx: Share: there is no transaction of this database here: ")
}
