package main

import (
	"context"
	"database/sql"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/examples/orm/sqlc"
)

// Notes are kept in a table of the database. Their methods take part in the transaction
// in which they are called, and none has a parameter for it.
type Notes interface {
	Add(ctx context.Context, text string) error
	Count(ctx context.Context) (int, error)
}

// Open returns notes in each of the libraries, all in the same table of db.
func Open(db *sql.DB) (map[string]Notes, error) {
	byGORM, err := OpenGORM(db)
	if err != nil {
		return nil, err
	}
	return map[string]Notes{"sqlc": OpenSqlc(db), "GORM": byGORM, "Bun": OpenBun(db), "ent": OpenEnt(db)}, nil
}

// OpenSqlc returns notes in code that sqlc has generated. The code requires an interface,
// DBTX, which [ctxsql.Querier] implements. With sql_package: "pgx/v5" in sqlc.yaml,
// ctxpgx.Conn returns an implementation.
func OpenSqlc(db *sql.DB) Notes { return sqlcNotes{sqlc.New(ctxsql.Conn(db))} }

type sqlcNotes struct{ queries *sqlc.Queries }

func (n sqlcNotes) Add(ctx context.Context, text string) error { return n.queries.AddNote(ctx, text) }

func (n sqlcNotes) Count(ctx context.Context) (int, error) {
	count, err := n.queries.CountNotes(ctx)
	return int(count), err
}
