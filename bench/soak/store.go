package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

// A store is a database schema of the soak. Each row says for whom it was written, and
// which values the variables had.
type store struct {
	db     *sql.DB
	schema string
}

func openStore(ctx context.Context, dsn string) (*store, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	s := &store{schema: fmt.Sprintf("soak_%d", os.Getpid())}
	config.RuntimeParams["search_path"] = s.schema
	s.db = stdlib.OpenDB(*config)
	s.db.SetMaxOpenConns(8)
	if _, err := s.db.ExecContext(ctx, "CREATE SCHEMA "+s.schema); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	_, err = s.db.ExecContext(ctx, `CREATE TABLE rows (want TEXT NOT NULL, request TEXT NOT NULL, username TEXT NOT NULL, part INT NOT NULL)`)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

var errTakenBack = errors.New("taken back on purpose")

// write writes two rows for want in one transaction. If fail is true, it rolls the
// transaction back and returns errTakenBack.
func (s *store) write(ctx context.Context, want string, fail bool) error {
	return ctxsql.InTx(ctx, s.db, nil, func(ctx context.Context) error {
		for part := range 2 {
			if err := s.insert(ctx, want, part); err != nil {
				return err
			}
		}
		if fail {
			return errTakenBack
		}
		return nil
	}, ctxsql.Retry(5, neverBegun))
}

// neverBegun reports whether err says that a transaction found only connections that
// were cut. Package sql tries three of them, and in a full pool all may have belonged to
// clients that went away.
func neverBegun(err error) bool { return errors.Is(err, driver.ErrBadConn) }

func (s *store) insert(ctx context.Context, want string, part int) error {
	name, _ := user.Lookup()
	_, err := ctxsql.Conn(s.db).ExecContext(ctx, `INSERT INTO rows VALUES ($1, $2, $3, $4)`, want, request.Get(), name, part)
	return err
}

// check reads all rows, deletes them, and records the wrong ones: rows of another
// request, and rows without the other half of their transaction.
func (s *store) check(ctx context.Context, c *checks) error {
	var wrong, half int
	err := s.db.QueryRowContext(ctx, `
		WITH gone AS (DELETE FROM rows RETURNING *)
		SELECT (SELECT COUNT(*) FROM gone WHERE want <> request OR want <> username),
		       (SELECT COUNT(*) FROM (SELECT want FROM gone GROUP BY want HAVING COUNT(*) % 2 <> 0) AS halves)`).Scan(&wrong, &half)
	if err != nil {
		return err
	}
	c.same("rows of others", "0", fmt.Sprint(wrong))
	c.same("halves of transactions", "0", fmt.Sprint(half))
	return nil
}

func (s *store) close() error {
	_, err := s.db.Exec("DROP SCHEMA " + s.schema + " CASCADE")
	return errors.Join(err, s.db.Close())
}
