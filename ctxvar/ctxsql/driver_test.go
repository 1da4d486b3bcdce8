package ctxsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A script is a database that only notes the statements that it gets, and fails when a
// test wants it to: at moments at which a real one can't be made to fail. Examples test
// the statements with real databases.
type script struct {
	// fail, if not nil, is called before each statement, including BEGIN, COMMIT and
	// ROLLBACK, and returns the statement's error, or nil. Tests set it before the
	// database is used.
	fail func(ctx context.Context, statement string) error
	// echo also prints each statement, for Examples.
	echo bool

	mu    sync.Mutex
	log   []string
	conns int
}

// openScript returns a pool of connections to a new script.
func openScript(t testing.TB) (*sql.DB, *script) {
	s := new(script)
	db := sql.OpenDB(s)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db, s
}

// openEcho returns a pool of connections to a database that prints each
// statement it gets.
func openEcho() *sql.DB { return sql.OpenDB(&script{echo: true}) }

// took returns the statements that s got since the last call. A statement outside of a
// transaction is preceded by "pool: ".
func (s *script) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.log
	s.log = nil
	return log
}

func (s *script) Connect(context.Context) (driver.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns++
	return &scriptConn{script: s}, nil
}

func (s *script) Driver() driver.Driver { return nil }

// scriptConn is a connection. database/sql lets only one goroutine use it at a time.
type scriptConn struct {
	script *script
	inTx   bool
}

func (c *scriptConn) run(ctx context.Context, statement string) error {
	note := statement
	if !c.inTx {
		note = "pool: " + statement
	}
	c.script.mu.Lock()
	c.script.log = append(c.script.log, note)
	if c.script.echo {
		fmt.Println(note)
	}
	c.script.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.script.fail != nil {
		return c.script.fail(ctx, statement)
	}
	return nil
}

func (c *scriptConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	words := []string{"BEGIN"}
	if level := sql.IsolationLevel(opts.Isolation); level != sql.LevelDefault {
		words = append(words, level.String())
	}
	if opts.ReadOnly {
		words = append(words, "Read Only")
	}
	c.inTx = true
	if err := c.run(ctx, strings.Join(words, " ")); err != nil {
		c.inTx = false
		return nil, err
	}
	return scriptTx{c}, nil
}

func (c *scriptConn) ExecContext(ctx context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), c.run(ctx, query)
}

func (c *scriptConn) QueryContext(ctx context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	return &scriptRows{left: 1}, c.run(ctx, query)
}

func (c *scriptConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return &scriptStmt{c, query}, c.run(ctx, "PREPARE "+query)
}

func (c *scriptConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c *scriptConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (c *scriptConn) Close() error                        { return nil }

type scriptTx struct{ conn *scriptConn }

func (tx scriptTx) end(statement string) error {
	err := tx.conn.run(context.Background(), statement)
	tx.conn.inTx = false
	return err
}

func (tx scriptTx) Commit() error   { return tx.end("COMMIT") }
func (tx scriptTx) Rollback() error { return tx.end("ROLLBACK") }

type scriptStmt struct {
	conn  *scriptConn
	query string
}

func (s *scriptStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.ExecContext(ctx, s.query, args)
}

func (s *scriptStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.ErrUnsupported }
func (s *scriptStmt) Query([]driver.Value) (driver.Rows, error)  { return nil, errors.ErrUnsupported }
func (s *scriptStmt) NumInput() int                              { return -1 }
func (s *scriptStmt) Close() error                               { return nil }

// scriptRows is rows of one column, of the value 7.
type scriptRows struct{ left int }

func (r *scriptRows) Columns() []string { return []string{"n"} }
func (r *scriptRows) Close() error      { return nil }

func (r *scriptRows) Next(dest []driver.Value) error {
	if r.left == 0 {
		return io.EOF
	}
	r.left--
	dest[0] = int64(7)
	return nil
}

// failOn returns a script's fail, which fails with err for the statements given.
func failOn(err error, statements ...string) func(context.Context, string) error {
	return func(_ context.Context, statement string) error {
		if slices.Contains(statements, statement) {
			return err
		}
		return nil
	}
}
