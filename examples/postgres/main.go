// Command postgres keeps accounts in a PostgreSQL database, with the driver
// github.com/jackc/pgx/v5. The current transaction is a variable: methods that are
// called in a transaction are a part of it, and none has a parameter for it. See
// ctxvar/ctxsql.
//
// It works in a schema of its own, which it drops at its end.
//
//	HEIRLOOM_POSTGRES_DSN=postgres://… go run ./examples/postgres
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/heirloom-go/heirloom/examples/internal/ledgertest"
)

func main() {
	dsn := os.Getenv("HEIRLOOM_POSTGRES_DSN")
	if dsn == "" {
		fmt.Fprintln(os.Stderr, "postgres: set HEIRLOOM_POSTGRES_DSN to the address of a database, such as postgres://user@localhost/test")
		os.Exit(2)
	}
	if err := run(context.Background(), dsn); err != nil {
		fmt.Fprintln(os.Stderr, "postgres:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dsn string) (err error) {
	db, closeDB, err := Open(ctx, dsn, fmt.Sprintf("ledger_%d", os.Getpid()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDB()) }()
	return ledgertest.Show(ctx, db, os.Stdout)
}
