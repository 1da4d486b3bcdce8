// Package repo has functions that run statements, for other packages to call.
package repo

import (
	"context"
	"database/sql"

	"example.com/testdata/tx/conf"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

var (
	DB  *sql.DB
	own *sql.DB
)

type Store struct {
	DB    *sql.DB
	Inner struct{ *sql.DB }
	own   *sql.DB
}

func Insert(ctx context.Context, db *sql.DB) { db.ExecContext(ctx, "x") } // want Insert:"runs statements"

func InsertAll(ctx context.Context, names []string, db *sql.DB) error { // want InsertAll:"runs statements"
	for range names {
		Insert(ctx, db)
	}
	return nil
}

func Generic[T any](ctx context.Context, v T, db *sql.DB) { Insert(ctx, db) } // want Generic:"runs statements"

func Save(ctx context.Context) { Insert(ctx, DB) } // want Save:"runs statements"

func Hidden(ctx context.Context) { Insert(ctx, own) }

func (s *Store) Save(ctx context.Context) error { // want Save:"runs statements"
	_, err := s.DB.ExecContext(ctx, "x")
	return err
}

func (s *Store) SaveInner(ctx context.Context) { Insert(ctx, s.Inner.DB) } // want SaveInner:"runs statements"

func (s *Store) InTx(ctx context.Context, fn func(context.Context) error) error {
	return ctxsql.InTx(ctx, s.DB, nil, fn)
}

func (s *Store) Sometimes(ctx context.Context, now bool) {
	if now {
		s.DB.ExecContext(ctx, "x")
	}
}

func (s *Store) Later(ctx context.Context) { go s.Save(ctx) }

func Several(ctx context.Context, dbs ...*sql.DB) { Insert(ctx, dbs[0]) }

func (s *Store) Replaced(ctx context.Context, other *sql.DB) {
	s.DB = other
	s.DB.ExecContext(ctx, "x")
}

func Repeated(ctx context.Context, db *sql.DB, n int) { // want Repeated:"runs statements"
	Insert(ctx, db)
	if n > 0 {
		Repeated(ctx, db, n-1)
	}
}

func SaveToConf(ctx context.Context) { Insert(ctx, conf.DB) } // want SaveToConf:"runs statements"
