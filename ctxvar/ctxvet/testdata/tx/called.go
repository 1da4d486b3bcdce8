package tx

import (
	"context"
	"database/sql"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

func (s store) save(ctx context.Context) error {
	if err := check(); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, "x")
	return err
}

func (s *store) saveAll(ctx context.Context) {
	for range 3 {
		func() { _ = s.save(ctx) }()
	}
}

// lookup is meant to be called inside and outside.
func (s store) lookup(ctx context.Context) error {
	if tx, err := ctxsql.Tx(ctx, s.db); err == nil {
		_, err := tx.ExecContext(ctx, "x")
		return err
	}
	_, err := s.db.ExecContext(ctx, "x")
	return err
}

func (s store) sometimes(ctx context.Context, inTx bool) {
	if !inTx {
		s.db.ExecContext(ctx, "x")
	}
}

func (s store) later(ctx context.Context) {
	go s.save(ctx)
	go s.db.ExecContext(ctx, "x")
	later(func() { _ = s.save(ctx) })
}

func (s store) apart(ctx context.Context) { ctxvar.Detach(func() { _ = s.save(ctx) }) }

func insert(ctx context.Context, db *sql.DB) { db.QueryRowContext(ctx, "x") }

func call(f func(ctx context.Context, query string, args ...any) (sql.Result, error)) {}

func (s store) calls(ctx context.Context, t store) error {
	save := func() error {
		_, err := s.db.ExecContext(ctx, "x")
		return err
	}
	saveOther := func() { s.other.ExecContext(ctx, "x") }
	exec := s.db.ExecContext
	db := t.db
	_ = ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		insert(ctx, db) // want `insert runs a statement that is not part of the transaction around it, in called.go:49: use ctxsql.Conn there`
		insert(ctx, s.db)
		_ = t.save(ctx)
		return nil
	})
	_ = ctxsql.InTx(ctx, s.db, nil, s.save)                                            // want `s.save runs a statement that is not part of the transaction around it, in called.go:15`
	_ = ctxsql.InTx(ctx, s.db, nil, func(ctx context.Context) error { return save() }) // want `save runs a statement`
	return ctxsql.InTx(ctx, s.db, nil, func(ctx context.Context) error {
		if err := s.save(ctx); err != nil { // want `s.save runs a statement`
			return err
		}
		s.saveAll(ctx)    // want `s.saveAll runs a statement`
		insert(ctx, s.db) // want `insert runs a statement`
		insert(ctx, s.other)
		saveOther()
		defer save() // want `save runs a statement`
		go save()
		s.later(ctx)
		s.apart(ctx)
		s.sometimes(ctx, true)
		_ = t.save(ctx)
		exec(ctx, "x")                        // want `s.db.ExecContext is not part of the transaction around it: use ctxsql.Conn`
		call(s.db.ExecContext)                // want `s.db.ExecContext is not part of the transaction around it: use ctxsql.Conn`
		(*sql.DB).ExecContext(s.db, ctx, "x") // want `\(\*sql.DB\).ExecContext is not part of the transaction around it: use ctxsql.Conn`
		run := s.db.Exec
		func() { run("x") }() // want `s.db.Exec is not part of the transaction around it: use the methods of ctxsql.Conn`
		return s.lookup(ctx)
	})
}

type embedding struct{ *sql.DB }

func (e embedding) all(ctx context.Context) error {
	return ctxsql.InTx(ctx, e.DB, nil, func(ctx context.Context) error {
		_, err := e.ExecContext(ctx, "x") // want `e.ExecContext is not part of the transaction around it: use ctxsql.Conn`
		return err
	})
}

func check() error { return nil }
