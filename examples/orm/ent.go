package main

import (
	"context"
	"database/sql"
	"errors"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"entgo.io/ent/schema/field"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

// EntDriver returns a driver for ent's clients. Their statements take part in the current
// transaction of db:
//
//	client := ent.NewClient(ent.Driver(EntDriver(db)))
//
// A transaction that a client begins itself, to create a node with its edges or by
// client.Tx, joins the current transaction, or is one of its own if there is none. ent can't
// undo a part of the current one, so ctxsql.InTx must get any error of the client.
func EntDriver(db *sql.DB) dialect.Driver {
	return &entDriver{entsql.NewDriver(dialect.Postgres, entsql.Conn{ExecQuerier: ctxsql.Conn(db)}), db}
}

type entDriver struct {
	*entsql.Driver
	db *sql.DB
}

// Tx returns the current transaction, which only ctxsql.InTx ends, or a new one.
func (d *entDriver) Tx(ctx context.Context) (dialect.Tx, error) {
	_, err := ctxsql.Tx(ctx, d.db)
	_, carries := ctxvar.FromContext(ctx)
	switch {
	case err == nil:
		return dialect.NopTx(d), nil
	case !carries && ctxvar.MayBeLost():
		return nil, ctxvar.ErrMayBeLost // as in ctxsql.Conn: there may be a transaction
	case errors.Is(err, ctxsql.ErrNoTx):
		return entsql.OpenDB(dialect.Postgres, d.db).Tx(ctx)
	}
	return nil, err
}

// Close does nothing, because the pool belongs to the caller.
func (d *entDriver) Close() error { return nil }

// OpenEnt returns notes in ent. Its methods call what the code of a generated client calls.
// That code is too large for an example.
func OpenEnt(db *sql.DB) Notes { return entNotes{EntDriver(db)} }

type entNotes struct{ driver dialect.Driver }

func (n entNotes) Add(ctx context.Context, text string) error {
	return sqlgraph.CreateNode(ctx, n.driver, &sqlgraph.CreateSpec{
		Table:  "notes",
		ID:     &sqlgraph.FieldSpec{Column: "id", Type: field.TypeInt64},
		Fields: []*sqlgraph.FieldSpec{{Column: "text", Type: field.TypeString, Value: text}},
	})
}

func (n entNotes) Count(ctx context.Context) (int, error) {
	return sqlgraph.CountNodes(ctx, n.driver, &sqlgraph.QuerySpec{
		Node: &sqlgraph.NodeSpec{Table: "notes", ID: &sqlgraph.FieldSpec{Column: "id", Type: field.TypeInt64}},
		From: entsql.Dialect(dialect.Postgres).Select().From(entsql.Table("notes")),
	})
}
