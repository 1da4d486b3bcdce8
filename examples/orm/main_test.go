package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

var (
	errBoom = errors.New("boom")
	schemas atomic.Int32
)

func dsn(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("HEIRLOOM_POSTGRES_DSN")
	if dsn == "" {
		t.Skip("HEIRLOOM_POSTGRES_DSN is not set, so there is no PostgreSQL to test against")
	}
	return dsn
}

// open returns a database with no notes.
func open(t testing.TB) *sql.DB {
	t.Helper()
	db, closeDB, err := OpenDB(t.Context(), dsn(t), fmt.Sprintf("orm_test_%d_%d", os.Getpid(), schemas.Add(1)))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, closeDB()) })
	return db
}

func count(t testing.TB, db *sql.DB) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(context.Background(), "SELECT count(*) FROM notes").Scan(&n))
	return n
}

func TestScene(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), dsn(t), &out))
	seen := "in the transaction, sqlc sees 4 notes\nin the transaction, GORM sees 4 notes\n" +
		"in the transaction, Bun sees 4 notes\nin the transaction, ent sees 4 notes\n"
	assert.Equal(t, seen+"rolled back: 0 notes\n"+seen+"committed: 4 notes\n", out.String())
}

func TestEachLibrary(t *testing.T) {
	db := open(t)
	all, err := Open(db)
	require.NoError(t, err)
	for library, notes := range all {
		t.Run(library, func(t *testing.T) {
			before := count(t, db)
			for _, end := range []error{errBoom, nil} {
				require.Equal(t, end, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
					assert.NoError(t, notes.Add(ctx, "in a transaction"))
					n, err := notes.Count(ctx)
					assert.NoError(t, err)
					assert.Equal(t, before+1, n)
					assert.Equal(t, before, count(t, db), "not yet")

					// Another goroutine is refused, and runs nothing outside of the transaction.
					refused := make(chan error, 2)
					go func() {
						refused <- notes.Add(ctx, "elsewhere")
						_, err := notes.Count(ctx)
						refused <- err
					}()
					assert.ErrorIs(t, <-refused, ctxsql.ErrOtherGoroutine)
					assert.ErrorIs(t, <-refused, ctxsql.ErrOtherGoroutine)
					return end
				}))
			}
			assert.Equal(t, before+1, count(t, db))
			require.NoError(t, notes.Add(t.Context(), "on its own"))
			assert.Equal(t, before+2, count(t, db))
			require.Equal(t, errBoom, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				assert.NoError(t, ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error { return notes.Add(ctx, "joined") }, ctxsql.Savepoint()))
				return errBoom
			}))
			assert.Equal(t, before+2, count(t, db))
		})
	}
}

// A transaction of ent's joins the current one, and is one of its own if there is none.
func TestEntTx(t *testing.T) {
	db := open(t)
	driver := EntDriver(db)
	add := func(ctx context.Context) error {
		tx, err := driver.Tx(ctx)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, "INSERT INTO notes (text) VALUES ('by ent')", []any{}, nil); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}
	require.Equal(t, errBoom, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		assert.NoError(t, add(ctx))
		refused := make(chan error)
		go func() { refused <- add(ctx) }()
		assert.ErrorIs(t, <-refused, ctxsql.ErrOtherGoroutine)
		return errBoom
	}))
	assert.Zero(t, count(t, db))
	require.NoError(t, add(t.Context()))
	assert.Equal(t, 1, count(t, db))
	tx, err := driver.Tx(t.Context())
	require.NoError(t, err)
	require.NoError(t, tx.Exec(t.Context(), "INSERT INTO notes (text) VALUES ('by ent')", []any{}, nil))
	require.NoError(t, tx.Rollback())
	assert.Equal(t, 1, count(t, db))
	require.NoError(t, driver.Close())
	assert.Equal(t, 1, count(t, db), "the pool stays open")
}

// GORM refuses to begin a transaction itself.
func TestGORMTransaction(t *testing.T) {
	notes, err := OpenGORM(open(t))
	require.NoError(t, err)
	err = notes.(gormNotes).db.Transaction(func(*gorm.DB) error { return nil })
	assert.ErrorIs(t, err, gorm.ErrInvalidTransaction)
}
