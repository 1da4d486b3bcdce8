package ctxsql_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

func TestConnMadeOnceFollowsTheCaller(t *testing.T) {
	db, s := openScript(t)
	conn := ctxsql.Conn(db)
	use := func(ctx context.Context) {
		_, err := conn.ExecContext(ctx, "EXEC")
		assert.NoError(t, err)
		rows, err := conn.QueryContext(ctx, "QUERY")
		if assert.NoError(t, err) {
			assert.NoError(t, rows.Close())
		}
		var n int
		assert.NoError(t, conn.QueryRowContext(ctx, "QUERY ROW").Scan(&n))
		assert.Equal(t, 7, n)
		stmt, err := conn.PrepareContext(ctx, "STMT")
		if assert.NoError(t, err) {
			assert.NoError(t, stmt.Close())
		}
	}
	use(t.Context())
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		use(ctx)
		use(context.Background())
		return nil
	}))
	use(t.Context())
	in := []string{"EXEC", "QUERY", "QUERY ROW", "PREPARE STMT"}
	out := []string{"pool: EXEC", "pool: QUERY", "pool: QUERY ROW", "pool: PREPARE STMT"}
	var want []string
	for _, part := range [][]string{out, {"BEGIN"}, in, in, {"COMMIT"}, out} {
		want = append(want, part...)
	}
	assert.Equal(t, want, s.took())
}

func TestConnServesManyGoroutines(t *testing.T) {
	db, s := openScript(t)
	conn := ctxsql.Conn(db)
	ctx := t.Context()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 20 {
				_, err := conn.ExecContext(ctx, "OUTSIDE")
				assert.NoError(t, err)
				assert.NoError(t, ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
					_, err := conn.ExecContext(ctx, "INSIDE")
					return err
				}))
			}
		})
	}
	wg.Wait()
	took := s.took()
	assert.NotContains(t, took, "OUTSIDE")
	assert.NotContains(t, took, "pool: INSIDE")
	assert.Len(t, took, 20*20*4)
}

func TestFailedRow(t *testing.T) {
	db, s := openScript(t)
	tests := []struct {
		name   string
		reason string
		ctx    func(ctx context.Context) context.Context
	}{
		{"plain", "the usual", func(ctx context.Context) context.Context { return ctx }},
		{"background", "it has no Done channel", func(context.Context) context.Context { return context.Background() }},
		{"cancelled", "the error is the misuse, not the end of the ctx", func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NotEmpty(t, test.reason)
			require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				inGoroutine(func() {
					row := ctxsql.Conn(db).QueryRowContext(test.ctx(ctx), "QUERY ROW")
					assert.ErrorIs(t, row.Err(), ctxsql.ErrOtherGoroutine)
					var n int
					var typed *ctxsql.TxError
					assert.ErrorAs(t, row.Scan(&n), &typed)
				})
				return nil
			}))
			assert.Equal(t, []string{"BEGIN", "COMMIT"}, s.took())
			assert.Equal(t, 0, db.Stats().InUse)
		})
	}
}

// While all connections are taken, a call that can only fail must not wait for one.
func TestFailedRowTakesNoConnection(t *testing.T) {
	db, _ := openScript(t)
	db.SetMaxOpenConns(1)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		inGoroutine(func() {
			row := ctxsql.Conn(db).QueryRowContext(ctx, "QUERY ROW")
			assert.ErrorIs(t, row.Err(), ctxsql.ErrOtherGoroutine)
		})
		return nil
	}))
}

func TestStmt(t *testing.T) {
	db, s := openScript(t)
	prepared, err := db.PrepareContext(t.Context(), "INSERT")
	require.NoError(t, err)
	defer prepared.Close()
	insert := func(ctx context.Context) {
		stmt, err := ctxsql.Stmt(ctx, db, prepared)
		if assert.NoError(t, err) {
			_, err = stmt.ExecContext(ctx)
			assert.NoError(t, err)
		}
	}
	insert(t.Context())
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		insert(ctx)
		return nil
	}))
	insert(t.Context())
	assert.Equal(t, []string{"pool: PREPARE INSERT", "pool: INSERT", "BEGIN", "INSERT", "COMMIT", "pool: INSERT"}, s.took())
}

func TestTx(t *testing.T) {
	db, s := openScript(t)
	_, err := ctxsql.Tx(t.Context(), db)
	requireTxError(t, "Tx", ctxsql.ErrNoTx, err)
	assert.EqualError(t, err, "ctxsql: Tx: there is no transaction of this database here: call it within InTx")

	err = ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		tx, err := ctxsql.Tx(ctx, db)
		require.NoError(t, err)
		_, err = tx.ExecContext(ctx, "RAW")
		require.NoError(t, err)
		return tx.Commit() // this function must not do that
	})
	require.ErrorIs(t, err, sql.ErrTxDone, "InTx reports a commit by hand")
	assert.Equal(t, []string{"BEGIN", "RAW", "COMMIT"}, s.took())
}

func TestContextRunInsideOfTransaction(t *testing.T) {
	db, s := openScript(t)
	outside := ctxvar.Copy()
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		ctxvar.Copy().Run(func() { exec(t, ctx, db, "COPY") })
		outside.Run(func() {
			exec(t, t.Context(), db, "OUTSIDE")
			exec(t, ctx, db, "OUTSIDE, BUT WITH ITS CTX")
		})
		return nil
	}))
	assert.Equal(t, []string{"BEGIN", "COPY", "pool: OUTSIDE", "OUTSIDE, BUT WITH ITS CTX", "COMMIT"}, s.took())
}
