package ctxpgx_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxpgx"
	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

var errBoom = errors.New("boom")

// schemas counts the schemas made, one for each database that a test opens.
var schemas atomic.Int32

// open returns a pool of connections to a new schema with an empty table called notes, in
// the database at the address in HEIRLOOM_POSTGRES_DSN.
func open(t testing.TB) *pgxpool.Pool {
	t.Helper()
	dsn := os.Getenv("HEIRLOOM_POSTGRES_DSN")
	if dsn == "" {
		t.Skip("HEIRLOOM_POSTGRES_DSN is not set, so there is no PostgreSQL to test against")
	}
	config, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	schema := fmt.Sprintf("ctxpgx_%d_%d", os.Getpid(), schemas.Add(1))
	config.ConnConfig.RuntimeParams["search_path"] = schema
	config.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := pool.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE")
		assert.NoError(t, err)
		// The pool drops a connection that has been closed in a goroutine of its own.
		assert.Eventually(t, func() bool { return pool.Stat().AcquiredConns() == 0 }, time.Minute, time.Millisecond,
			"a connection was not given back")
		pool.Close()
	})
	_, err = pool.Exec(t.Context(), "CREATE SCHEMA "+schema)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), "CREATE TABLE notes (text text PRIMARY KEY)")
	require.NoError(t, err)
	return pool
}

// unreachable returns a pool that has no connection, and that is never asked for one.
func unreachable(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), "postgres://127.0.0.1:1/none")
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// note adds a note on whatever the running goroutine's statements use.
func note(ctx context.Context, pool *pgxpool.Pool, text string) error {
	_, err := ctxpgx.Conn(pool).Exec(ctx, "INSERT INTO notes VALUES ($1)", text)
	return err
}

// notes returns the committed notes.
func notes(t testing.TB, pool *pgxpool.Pool) []string {
	t.Helper()
	rows, err := pool.Query(context.Background(), "SELECT text FROM notes ORDER BY text")
	require.NoError(t, err)
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return texts
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

// requireTxError asserts that err is a *TxError of the given kind and operation,
// and returns it.
func requireTxError(t *testing.T, op string, kind, err error) *ctxpgx.TxError {
	t.Helper()
	require.ErrorIs(t, err, kind)
	var typed *ctxpgx.TxError
	require.ErrorAs(t, err, &typed)
	require.Equal(t, op, typed.Op)
	return typed
}

// uses are all the ways to use the current transaction, by operation.
var uses = map[string]func(ctx context.Context, pool *pgxpool.Pool) error{
	"Exec": func(ctx context.Context, pool *pgxpool.Pool) error {
		_, err := ctxpgx.Conn(pool).Exec(ctx, "SELECT 1")
		return err
	},
	"Query": func(ctx context.Context, pool *pgxpool.Pool) error {
		rows, err := ctxpgx.Conn(pool).Query(ctx, "SELECT 1")
		if err != nil {
			rows.Close() // pgx returns rows with each error
			return err
		}
		_, err = pgx.CollectRows(rows, pgx.RowTo[int])
		return err
	},
	"QueryRow": func(ctx context.Context, pool *pgxpool.Pool) error {
		var n int
		return ctxpgx.Conn(pool).QueryRow(ctx, "SELECT 1").Scan(&n)
	},
	"SendBatch": func(ctx context.Context, pool *pgxpool.Pool) error {
		var b pgx.Batch
		b.Queue("SELECT 1")
		return ctxpgx.Conn(pool).SendBatch(ctx, &b).Close()
	},
	"CopyFrom": func(ctx context.Context, pool *pgxpool.Pool) error {
		_, err := ctxpgx.Conn(pool).CopyFrom(ctx, pgx.Identifier{"notes"}, []string{"text"}, pgx.CopyFromRows(nil))
		return err
	},
	"Tx": func(ctx context.Context, pool *pgxpool.Pool) error {
		_, err := ctxpgx.Tx(ctx, pool)
		return err
	},
	"OnCommit": func(ctx context.Context, pool *pgxpool.Pool) error {
		return ctxpgx.OnCommit(ctx, pool, func(context.Context) {})
	},
	"InTx": func(ctx context.Context, pool *pgxpool.Pool) error {
		return ctxpgx.InTx(ctx, pool, nil, func(context.Context) error { return nil })
	},
}
