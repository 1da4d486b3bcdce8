// Command orm keeps notes in a PostgreSQL database with four libraries: sqlc, GORM, Bun
// and ent. All of them take part in one transaction, without a parameter for it. See
// ctxvar/ctxsql.
//
// It works in a schema of its own, which it drops at its end.
//
//	HEIRLOOM_POSTGRES_DSN=postgres://… go run ./examples/orm
package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

//go:embed sqlc/schema.sql
var schema string

func main() {
	dsn := os.Getenv("HEIRLOOM_POSTGRES_DSN")
	if dsn == "" {
		fmt.Fprintln(os.Stderr, "orm: set HEIRLOOM_POSTGRES_DSN to the address of a database, such as postgres://user@localhost/test")
		os.Exit(2)
	}
	if err := run(context.Background(), dsn, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "orm:", err)
		os.Exit(1)
	}
}

// OpenDB opens the database at dsn and makes a schema called name with the tables. It returns
// a function that drops the schema and closes the database.
func OpenDB(ctx context.Context, dsn, name string) (db *sql.DB, closeDB func() error, err error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, err
	}
	config.RuntimeParams["search_path"] = name
	db = stdlib.OpenDB(*config)
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+name); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	closeDB = func() error {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		return errors.Join(err, db.Close())
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, nil, errors.Join(err, closeDB())
	}
	return db, closeDB, nil
}

func run(ctx context.Context, dsn string, out io.Writer) (err error) {
	db, closeDB, err := OpenDB(ctx, dsn, fmt.Sprintf("orm_%d", os.Getpid()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDB()) }()
	notes, err := Open(db)
	if err != nil {
		return err
	}
	errEnough := errors.New("enough")
	for _, end := range []error{errEnough, nil} {
		err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			for library, n := range notes {
				if err := n.Add(ctx, "by "+library); err != nil {
					return err
				}
			}
			for _, library := range []string{"sqlc", "GORM", "Bun", "ent"} {
				count, err := notes[library].Count(ctx)
				if err != nil {
					return err
				}
				fmt.Fprintf(out, "in the transaction, %s sees %d notes\n", library, count)
			}
			return end
		})
		if !errors.Is(err, end) {
			return err
		}
		count, err := notes["sqlc"].Count(ctx)
		if err != nil {
			return err
		}
		what := "committed"
		if end != nil {
			what = "rolled back"
		}
		fmt.Fprintf(out, "%s: %d notes\n", what, count)
	}
	return nil
}
