package tx

import (
	"context"
	"database/sql"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

type store struct{ db, other *sql.DB }

func (s store) outside(ctx context.Context) error {
	return ctxsql.InTx(ctx, s.db, nil, func(ctx context.Context) error {
		if _, err := s.db.ExecContext(ctx, "x"); err != nil { // want `s.db.ExecContext is not part of the transaction around it: use ctxsql.Conn`
			return err
		}
		func() {
			s.db.QueryRowContext(ctx, "x") // want `s.db.QueryRowContext is not part`
		}()
		s.db.Exec("x")         // want `s.db.Exec is not part of the transaction around it: use the methods of ctxsql.Conn`
		s.db.BeginTx(ctx, nil) // want `s.db.BeginTx is not part of the transaction around it: use InTx, with Savepoint or Autonomous`
		s.db.Conn(ctx)         // want `s.db.Conn is not part of the transaction around it: use ctxsql.Tx`
		return ctxsql.InTx(ctx, s.other, nil, func(ctx context.Context) error {
			rows, err := s.db.QueryContext(ctx, "x") // want `s.db.QueryContext is not part`
			_ = rows
			return err
		})
	})
}

func share(ctx context.Context, db *sql.DB) error {
	return ctxsql.Share(ctx, db, func(ctx context.Context) error {
		stmt, err := db.PrepareContext(ctx, "x") // want `db.PrepareContext is not part`
		_ = stmt
		return err
	})
}

func (s store) inside(ctx context.Context, db *sql.DB) error {
	db.ExecContext(ctx, "x")
	return ctxsql.InTx(ctx, s.db, nil, func(ctx context.Context) error {
		ctxsql.Conn(s.db).ExecContext(ctx, "x")
		s.other.ExecContext(ctx, "x")
		db.ExecContext(ctx, "x")
		s.db.PingContext(ctx)
		s.db.Stats()
		go s.db.ExecContext(ctx, "x")
		ctxvar.Detach(func() { s.db.ExecContext(ctx, "x") }) // apart, on purpose
		later(func() { s.db.ExecContext(ctx, "x") })
		return nil
	})
}

func later(func()) {}
