package ctxsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

// instant is a driver that does nothing, so the benchmark measures database/sql and
// what this package adds. Ratios with real databases are measured in examples.
type instant struct{}

func (c instant) Connect(context.Context) (driver.Conn, error)                 { return c, nil }
func (instant) Driver() driver.Driver                                          { return nil }
func (instant) Prepare(string) (driver.Stmt, error)                            { return nil, driver.ErrSkip }
func (c instant) Begin() (driver.Tx, error)                                    { return c, nil }
func (c instant) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) { return c, nil }
func (instant) Commit() error                                                  { return nil }
func (instant) Rollback() error                                                { return nil }
func (instant) Close() error                                                   { return nil }
func (instant) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), nil
}

// byHand does what InTx does, with the transaction as a parameter.
func byHand(ctx context.Context, db *sql.DB, fn func(ctx context.Context, tx *sql.Tx) error) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			_ = tx.Rollback()
		}
	}()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	done = true
	return tx.Commit()
}

func BenchmarkTransaction(b *testing.B) {
	db := sql.OpenDB(instant{})
	defer db.Close()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = byHand(ctx, db, func(context.Context, *sql.Tx) error { return nil })
		}
	})
	b.Run("InTx", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = ctxsql.InTx(ctx, db, nil, func(context.Context) error { return nil })
		}
	})
	b.Run("joined", func(b *testing.B) {
		_ = ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			b.ReportAllocs()
			for b.Loop() {
				_ = ctxsql.InTx(ctx, db, nil, func(context.Context) error { return nil })
			}
			return nil
		})
	})
}

func BenchmarkStatement(b *testing.B) {
	db := sql.OpenDB(instant{})
	defer db.Close()
	ctx := b.Context()
	loop := func(b *testing.B, ctx context.Context, q ctxsql.Querier) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = q.ExecContext(ctx, "INSERT")
		}
	}
	b.Run("pool/by hand", func(b *testing.B) { loop(b, ctx, db) })
	b.Run("pool/Conn", func(b *testing.B) { loop(b, ctx, ctxsql.Conn(db)) })
	b.Run("pool/Conn, ctx with a snapshot", func(b *testing.B) { loop(b, ctxvar.NewContext(ctx), ctxsql.Conn(db)) })
	b.Run("transaction/by hand", func(b *testing.B) {
		_ = byHand(ctx, db, func(ctx context.Context, tx *sql.Tx) error { loop(b, ctx, tx); return nil })
	})
	b.Run("transaction/Conn", func(b *testing.B) {
		_ = ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error { loop(b, ctx, ctxsql.Conn(db)); return nil })
	})
}
