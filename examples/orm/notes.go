package main

import (
	"context"
	"database/sql"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/examples/orm/sqlc"
)

// Notes are kept in a table of the database. Their methods take part in the transaction
// that they are called in, and none has a parameter for it.
type Notes interface {
	Add(ctx context.Context, text string) error
	Count(ctx context.Context) (int, error)
}

// Open returns notes by each of the libraries, all in the one table of db.
func Open(db *sql.DB) (map[string]Notes, error) {
	byGORM, err := OpenGORM(db)
	if err != nil {
		return nil, err
	}
	return map[string]Notes{"sqlc": OpenSqlc(db), "GORM": byGORM, "Bun": OpenBun(db), "ent": OpenEnt(db)}, nil
}

// OpenSqlc returns notes by code that sqlc has generated, which asks for an interface, DBTX,
// that [ctxsql.Querier] is. With sql_package: "pgx/v5" in sqlc.yaml it is what
// ctxpgx.Conn returns.
func OpenSqlc(db *sql.DB) Notes { return sqlcNotes{sqlc.New(ctxsql.Conn(db))} }

type sqlcNotes struct{ queries *sqlc.Queries }

func (n sqlcNotes) Add(ctx context.Context, text string) error { return n.queries.AddNote(ctx, text) }

func (n sqlcNotes) Count(ctx context.Context) (int, error) {
	count, err := n.queries.CountNotes(ctx)
	return int(count), err
}
