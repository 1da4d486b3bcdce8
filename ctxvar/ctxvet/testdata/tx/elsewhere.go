package tx

import (
	"context"
	"database/sql"

	"example.com/testdata/tx/conf"
	"example.com/testdata/tx/repo"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

type service struct {
	*repo.Store
	other *repo.Store
}

func elsewhere(ctx context.Context, s *repo.Store, db, other *sql.DB) error {
	_ = ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		repo.Insert(ctx, db)              // want `repo.Insert runs a statement that is not part of the transaction around it, in repo.go:23: use ctxsql.Conn there`
		repo.InsertAll(ctx, nil, db)      // want `in repo.go:23`
		repo.Generic(ctx, 1, db)          // want `in repo.go:23`
		repo.Generic[string](ctx, "", db) // want `in repo.go:23`
		repo.Repeated(ctx, db, 2)         // want `in repo.go:23`
		within(ctx, db)                   // want `within runs a statement`
		repo.Insert(ctx, other)
		repo.Save(ctx)
		repo.Several(ctx, db)
		go repo.Insert(ctx, db)
		return s.Save(ctx)
	})
	_ = ctxsql.InTx(ctx, repo.DB, nil, func(ctx context.Context) error {
		repo.Save(ctx) // want `repo.Save runs a statement that is not part of the transaction around it, in repo.go:23`
		repo.Hidden(ctx)
		repo.SaveToConf(ctx)
		return s.Save(ctx)
	})
	_ = ctxsql.InTx(ctx, conf.DB, nil, func(ctx context.Context) error {
		repo.Save(ctx)
		repo.SaveToConf(ctx) // want `repo.SaveToConf runs a statement`
		return nil
	})
	_ = ctxsql.InTx(ctx, s.DB, nil, s.Save) // want `s.Save runs a statement that is not part of the transaction around it, in repo.go:39`
	_ = ctxsql.InTx(ctx, s.Inner.DB, nil, func(ctx context.Context) error {
		s.SaveInner(ctx) // want `s.SaveInner runs a statement`
		return s.Save(ctx)
	})
	return ctxsql.InTx(ctx, s.DB, nil, func(ctx context.Context) error {
		s.Sometimes(ctx, true)
		s.Later(ctx)
		s.Replaced(ctx, db)
		_ = s.InTx(ctx, nil)
		return s.Save(ctx) // want `s.Save runs a statement`
	})
}

// within comes to another package's function.
func within(ctx context.Context, db *sql.DB) { repo.Insert(ctx, db) }

func (s service) embedded(ctx context.Context) error {
	return ctxsql.InTx(ctx, s.DB, nil, func(ctx context.Context) error {
		_ = s.other.Save(ctx)
		return s.Save(ctx) // want `s.Save runs a statement`
	})
}
