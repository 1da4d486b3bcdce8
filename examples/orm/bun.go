package main

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

// OpenBun returns notes in Bun. Bun asks a resolver for the connection of each query, which
// is meant for replicas. Bun's own RunInTx and BeginTx begin a transaction of the *sql.DB, and only
// their tx takes part in it: use ctxsql.InTx.
func OpenBun(db *sql.DB) Notes {
	return bunNotes{bun.NewDB(db, pgdialect.New(), bun.WithConnResolver(current{ctxsql.Conn(db)}))}
}

// current makes Bun's queries run in the current transaction.
type current struct{ conn ctxsql.Querier }

func (c current) ResolveConn(context.Context, bun.Query) bun.IConn { return c.conn }
func (c current) Close() error                                     { return nil }

type bunNotes struct{ db *bun.DB }

// A bunNote is a row of notes in Bun's form.
type bunNote struct {
	bun.BaseModel `bun:"table:notes"`

	ID   int64 `bun:",pk,autoincrement"`
	Text string
}

func (n bunNotes) Add(ctx context.Context, text string) error {
	_, err := n.db.NewInsert().Model(&bunNote{Text: text}).Exec(ctx)
	return err
}

func (n bunNotes) Count(ctx context.Context) (int, error) {
	count, err := n.db.NewSelect().Model((*bunNote)(nil)).Count(ctx)
	return int(count), err
}
