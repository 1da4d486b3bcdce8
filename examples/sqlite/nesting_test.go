package main_test

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/examples/internal/sqlitedb"
)

// A call is a call of InTx as a test may make it.
type call struct {
	savepoint bool
	steps     []step
	ending    ending
}

// A step inserts a row or, if call is not nil, makes a nested call.
type step struct {
	row  int
	call *call
	// hidden reports whether the caller ignores the call's failure.
	hidden bool
}

type ending byte

const (
	returns ending = iota
	fails
	panics
)

// A program makes calls from bytes.
type program struct {
	bytes []byte
	rows  int
}

func (p *program) next(n int) int {
	if len(p.bytes) == 0 {
		return 0
	}
	b := p.bytes[0]
	p.bytes = p.bytes[1:]
	return int(b) % n
}

func (p *program) call(depth int) *call {
	c := &call{savepoint: p.next(2) == 1}
	for range p.next(4) {
		p.rows++
		s := step{row: p.rows, hidden: p.next(2) == 1}
		if depth < 5 && p.next(2) == 1 {
			s.call = p.call(depth + 1)
		}
		c.steps = append(c.steps, s)
	}
	if p.next(3) == 2 {
		c.ending = fails + ending(p.next(2))
	}
	return c
}

// A level is the model's state of a transaction or a savepoint.
type level struct {
	rows   []int
	doomed bool
}

// model reports whether c succeeds, and puts its effects into l.
func (c *call) model(l *level) (ok bool) {
	for _, s := range c.steps {
		switch {
		case s.call == nil:
			l.rows = append(l.rows, s.row)
		case s.call.savepoint:
			inner := new(level)
			ok = s.call.model(inner) && !inner.doomed
			if ok {
				l.rows = append(l.rows, inner.rows...)
			}
		default:
			ok = s.call.model(l)
			l.doomed = l.doomed || !ok
		}
		if s.call != nil && !ok && !s.hidden {
			return false
		}
	}
	return c.ending == returns
}

var errEnding = errors.New("an ending")

// run makes the call.
func (c *call) run(t *testing.T, ctx context.Context, db *sql.DB) (err error) {
	var options []ctxsql.Option
	if c.savepoint {
		options = append(options, ctxsql.Savepoint())
	}
	defer func() {
		if r := recover(); r != nil {
			err = r.(error)
		}
	}()
	return ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		for _, s := range c.steps {
			if s.call != nil {
				if err := s.call.run(t, ctx, db); err != nil && !s.hidden {
					return err
				}
				continue
			}
			if _, err := ctxsql.Conn(db).ExecContext(ctx, `INSERT INTO t VALUES ($1)`, s.row); !assert.NoError(t, err) {
				return err
			}
		}
		switch c.ending {
		case fails:
			return errEnding
		case panics:
			panic(errEnding)
		}
		return nil
	}, options...)
}

// An outcome is the result of a program.
type outcome string

const (
	failed    outcome = "failed"
	refused   outcome = "refused to commit"
	empty     outcome = "committed nothing"
	committed outcome = "committed rows"
)

// testNesting runs the program in SQLite and in the model, and compares the rows.
func testNesting(t *testing.T, db *sql.DB, bytes []byte) outcome {
	defer func() {
		if t.Failed() {
			t.Logf("program %v", bytes)
		}
	}()
	_, err := db.ExecContext(t.Context(), `DELETE FROM t`)
	require.NoError(t, err)
	p := &program{bytes: bytes}
	c := p.call(0)
	var top level
	ok := c.model(&top)
	err = c.run(t, t.Context(), db)
	var (
		want []int
		how  outcome
	)
	switch {
	case !ok:
		how = failed
		require.Error(t, err)
	case top.doomed:
		how = refused
		require.ErrorIs(t, err, ctxsql.ErrRollbackOnly)
	default:
		require.NoError(t, err)
		if want = top.rows; len(want) > 0 {
			how = committed
		} else {
			how = empty
		}
	}
	rows, err := db.QueryContext(t.Context(), `SELECT n FROM t`)
	require.NoError(t, err)
	defer rows.Close()
	var got []int
	for rows.Next() {
		var n int
		require.NoError(t, rows.Scan(&n))
		got = append(got, n)
	}
	require.NoError(t, rows.Err())
	slices.Sort(want)
	slices.Sort(got)
	require.Equal(t, want, got)
	return how
}

func openTable(t testing.TB) *sql.DB {
	db := open(t, time.Second, sqlitedb.Open)
	_, err := db.ExecContext(context.Background(), `CREATE TABLE t (n INTEGER PRIMARY KEY)`)
	require.NoError(t, err)
	return db
}

// Transactions that are nested at random, and fail at random, behave as the model does.
func TestNesting(t *testing.T) {
	db := openTable(t)
	outcomes := make(map[outcome]int)
	for range 300 {
		bytes := make([]byte, rand.IntN(200))
		for i := range bytes {
			bytes[i] = byte(rand.Uint32())
		}
		outcomes[testNesting(t, db, bytes)]++
	}
	t.Log(outcomes)
	assert.Len(t, outcomes, 4, "all of them are tested")
}

func FuzzNesting(f *testing.F) {
	f.Add([]byte{0, 3, 1, 1, 1, 3, 0, 0})
	db := openTable(f)
	f.Fuzz(func(t *testing.T, bytes []byte) { testNesting(t, db, bytes) })
}
