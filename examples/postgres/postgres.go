package main

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Open opens the database at dsn, which is a postgres:// address or a string of
// key=value pairs, and makes a schema called name, in which tables are made and looked
// for. It returns a function that drops the schema and closes the database.
func Open(ctx context.Context, dsn, name string) (db *sql.DB, closeDB func() error, err error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, err
	}
	config.RuntimeParams["search_path"] = name
	db = stdlib.OpenDB(*config)
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+name); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, func() error {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		return errors.Join(err, db.Close())
	}, nil
}

// Retryable reports whether err says that another transaction was in the way, for
// ctxsql.Retry.
func Retryable(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case "40001", // serialization_failure
		"40P01": // deadlock_detected
		return true
	}
	return false
}
