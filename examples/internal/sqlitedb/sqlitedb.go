// Package sqlitedb opens SQLite databases so that transactions as a variable (see
// ctxvar/ctxsql) work well, with the driver modernc.org/sqlite, which needs no
// C compiler.
package sqlitedb

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"modernc.org/sqlite" // registers the driver "sqlite"
	lib "modernc.org/sqlite/lib"
)

// Open opens the database in the file path, and makes it if there is none. A statement
// waits for locks for at most busy.
//
// Transactions that may write begin with BEGIN IMMEDIATE. Otherwise a transaction could
// find out with its first write that another one has written in the meantime; it can't
// wait for that one, and fails. Transactions with [sql.TxOptions.ReadOnly] never wait,
// thanks to the write-ahead log.
func Open(path string, busy time.Duration) (*sql.DB, error) {
	return open(path, busy, "immediate")
}

// OpenDeferred is Open with transactions that begin with plain BEGIN, which is the
// driver's default. A test shows what goes wrong with those.
func OpenDeferred(path string, busy time.Duration) (*sql.DB, error) {
	return open(path, busy, "deferred")
}

func open(path string, busy time.Duration, lock string) (*sql.DB, error) {
	dsn := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: url.Values{
		"_txlock": {lock},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()),
			"journal_mode(WAL)",
			"synchronous(NORMAL)",
			"foreign_keys(ON)",
		},
	}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("sqlitedb: opening %s: %w", path, err)
	}
	return db, nil
}

// Busy reports whether err says that another transaction was in the way, for
// ctxsql.Retry.
func Busy(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	primary := e.Code() & 0xff // the rest has details
	return primary == lib.SQLITE_BUSY || primary == lib.SQLITE_LOCKED
}
