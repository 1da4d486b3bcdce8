// Command sqlite keeps accounts in a SQLite database, with the current
// transaction as a variable: methods that are called in a transaction are a part
// of it, and none has a parameter for it. See ctxvar/ctxsql.
//
//	go run ./examples/sqlite
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/heirloom-go/heirloom/examples/internal/ledgertest"
	"github.com/heirloom-go/heirloom/examples/internal/sqlitedb"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "sqlite:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp("", "ledger")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	db, err := sqlitedb.Open(filepath.Join(folder, "ledger.db"), time.Second)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return ledgertest.Show(ctx, db, os.Stdout)
}
