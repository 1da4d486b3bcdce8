package ledgertest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

// Benchmark compares the current transaction as a variable with one that is
// passed as a parameter, over db, which must be empty.
func Benchmark(b *testing.B, db *sql.DB) {
	ctx := b.Context()
	_, err := db.ExecContext(ctx, `CREATE TABLE counters (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)`)
	require.NoError(b, err)
	_, err = db.ExecContext(ctx, `INSERT INTO counters VALUES (1, 0)`)
	require.NoError(b, err)

	update := func(ctx context.Context, q ctxsql.Querier) error {
		_, err := q.ExecContext(ctx, `UPDATE counters SET n = n + 1 WHERE id = 1`)
		return err
	}
	query := func(ctx context.Context, q ctxsql.Querier) error {
		var n int
		return q.QueryRowContext(ctx, `SELECT n FROM counters WHERE id = 1`).Scan(&n)
	}
	conn := ctxsql.Conn(db)

	b.Run("transaction/parameter", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := inTx(ctx, db, func(ctx context.Context, tx *sql.Tx) error { return update(ctx, tx) }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("transaction/variable", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error { return update(ctx, conn) }); err != nil {
				b.Fatal(err)
			}
		}
	})
	loop := func(ctx context.Context, q ctxsql.Querier) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := query(ctx, q); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	require.NoError(b, inTx(ctx, db, func(ctx context.Context, tx *sql.Tx) error {
		b.Run("query in it/parameter", loop(ctx, tx))
		return nil
	}))
	b.Run("query in it/variable", func(b *testing.B) {
		// In the goroutine that the benchmark runs in.
		require.NoError(b, ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			loop(ctx, conn)(b)
			return nil
		}))
	})
	b.Run("query outside/parameter", loop(ctx, db))
	b.Run("query outside/variable", loop(ctx, conn))
}

// inTx does by hand what InTx does.
func inTx(ctx context.Context, db *sql.DB, fn func(context.Context, *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}
