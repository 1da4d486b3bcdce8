package ctxsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

func TestInTxCommits(t *testing.T) {
	db, s := openScript(t)
	ctx := t.Context()
	exec(t, ctx, db, "BEFORE")
	err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		exec(t, ctx, db, "INSERT")
		return nil
	})
	require.NoError(t, err)
	exec(t, ctx, db, "AFTER")
	assert.Equal(t, []string{"pool: BEFORE", "BEGIN", "INSERT", "COMMIT", "pool: AFTER"}, s.took())
}

func TestInTxPassesOptions(t *testing.T) {
	db, s := openScript(t)
	opts := &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true}
	require.NoError(t, ctxsql.InTx(t.Context(), db, opts, func(context.Context) error { return nil }))
	assert.Equal(t, []string{"BEGIN Serializable Read Only", "COMMIT"}, s.took())
}

func TestInTxRollsBack(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		end    func() error
		err    error // what InTx returns; nil if it doesn't return
		panics any
	}{
		{
			name:   "error",
			reason: "the function's error is what the caller gets, not one around it",
			end:    func() error { return errBoom },
			err:    errBoom,
		},
		{
			name:   "panic",
			reason: "a panic goes on, with the value it has",
			end:    func() error { panic(errBoom) },
			panics: errBoom,
		},
		{
			name:   "Goexit",
			reason: "t.FailNow in a transaction must not leave it open",
			end:    func() error { runtime.Goexit(); return nil },
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NotEmpty(t, test.reason)
			db, s := openScript(t)
			inGoroutine(func() {
				defer func() {
					assert.Equal(t, test.panics, recover())
					exec(t, t.Context(), db, "AFTER")
				}()
				err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
					exec(t, ctx, db, "INSERT")
					return test.end()
				})
				assert.Same(t, test.err, err)
				assert.NotNil(t, err, "only an error gets here")
			})
			assert.Equal(t, []string{"BEGIN", "INSERT", "ROLLBACK", "pool: AFTER"}, s.took(),
				"rolled back, and no longer current, before anyone could see")
		})
	}
}

func explode() { panic("kaboom") }

func TestInTxKeepsThePanicsStack(t *testing.T) {
	db, _ := openScript(t)
	defer func() {
		require.Equal(t, "kaboom", recover())
		assert.Contains(t, string(debug.Stack()), "ctxsql_test.explode")
	}()
	_ = ctxsql.InTx(t.Context(), db, nil, func(context.Context) error {
		explode()
		return nil
	})
}

func TestInTxDatabaseFailures(t *testing.T) {
	errDown := fmt.Errorf("the server is down")
	tests := []struct {
		name   string
		reason string
		fail   string // the statement that fails
		with   error
		fnErr  error
		is     []error
		text   string
		took   []string
	}{
		{
			name:   "begin",
			reason: "without a transaction the function must not run",
			fail:   "BEGIN",
			with:   errDown,
			is:     []error{errDown},
			text:   "ctxsql: beginning a transaction: the server is down",
			took:   []string{"BEGIN"},
		},
		{
			name:   "commit",
			reason: "that the function succeeded is not enough",
			fail:   "COMMIT",
			with:   errDown,
			is:     []error{errDown},
			text:   "ctxsql: committing: the server is down",
			took:   []string{"BEGIN", "INSERT", "COMMIT"},
		},
		{
			name:   "rollback",
			reason: "neither error is swallowed",
			fail:   "ROLLBACK",
			with:   errDown,
			fnErr:  errBoom,
			is:     []error{errBoom, errDown},
			text:   "boom (ctxsql: rolling back: the server is down)",
			took:   []string{"BEGIN", "INSERT", "ROLLBACK"},
		},
		{
			name:   "connection lost",
			reason: "the transaction is gone with its connection, so there is nothing to report",
			fail:   "ROLLBACK",
			with:   driver.ErrBadConn,
			fnErr:  errBoom,
			is:     []error{errBoom},
			text:   "boom",
			took:   []string{"BEGIN", "INSERT", "ROLLBACK"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NotEmpty(t, test.reason)
			db, s := openScript(t)
			s.fail = failOn(test.with, test.fail)
			err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				exec(t, ctx, db, "INSERT")
				return test.fnErr
			})
			for _, target := range test.is {
				require.ErrorIs(t, err, target)
			}
			assert.EqualError(t, err, test.text)
			assert.Equal(t, test.took, s.took())
		})
	}
}

var (
	flavour = ctxvar.New("flavour", ctxvar.Default("none"))
	depth   = ctxvar.New[int]("depth")
)

type ctxKey struct{}

func TestInTxContext(t *testing.T) {
	db, _ := openScript(t)
	deadline := time.Now().Add(time.Hour)
	parent, cancel := context.WithDeadline(context.WithValue(t.Context(), ctxKey{}, "value"), deadline)
	defer cancel()
	defer flavour.Set("mint").Reset()
	err := ctxsql.InTx(parent, db, nil, func(ctx context.Context) error {
		assert.Equal(t, "value", ctx.Value(ctxKey{}))
		got, ok := ctx.Deadline()
		assert.True(t, ok)
		assert.Equal(t, deadline, got)
		assert.NoError(t, ctx.Err())

		carried, ok := ctxvar.FromContext(ctx)
		require.True(t, ok)
		value, _ := flavour.In(carried)
		assert.Equal(t, "mint", value)

		cancel()
		assert.ErrorIs(t, ctx.Err(), context.Canceled)
		return ctx.Err()
	})
	assert.Same(t, context.Canceled, err)
}

func TestInTxLeavesOtherVariablesAlone(t *testing.T) {
	db, _ := openScript(t)
	defer depth.Set(1).Reset()
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(context.Context) error {
		depth.Set(2)
		return nil
	}))
	assert.Equal(t, 2, depth.Get(), "InTx isolates the database, not the variables")
}

func TestInTxCancelled(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		fn     func(ctx context.Context, db *sql.DB) error
	}{
		{
			name:   "function goes on",
			reason: "what it does after the end can't be committed",
			fn:     func(context.Context, *sql.DB) error { return nil },
		},
		{
			name:   "function returns the error",
			reason: "the usual end: a statement fails, its error is returned",
			fn: func(ctx context.Context, db *sql.DB) error {
				_, err := ctxsql.Conn(db).ExecContext(ctx, "LATE")
				return err
			},
		},
		{
			name:   "rolled back by database/sql",
			reason: "it does so by itself; that it was quicker than Commit must not show",
			fn: func(_ context.Context, db *sql.DB) error {
				for {
					_, err := ctxsql.Conn(db).ExecContext(context.Background(), "SPIN")
					if err != nil {
						if err != sql.ErrTxDone {
							return err
						}
						return nil
					}
					runtime.Gosched()
				}
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NotEmpty(t, test.reason)
			db, s := openScript(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
				exec(t, ctx, db, "INSERT")
				cancel()
				return test.fn(ctx, db)
			})
			require.ErrorIs(t, err, context.Canceled)
			assert.NotContains(t, s.took(), "COMMIT")
			exec(t, t.Context(), db, "AFTER")
			assert.Contains(t, s.took(), "pool: AFTER")
		})
	}
}

func TestInTxBeforeItsContext(t *testing.T) {
	db, s := openScript(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := ctxsql.InTx(ctx, db, nil, func(context.Context) error {
		t.Error("called")
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, s.took())
}

func TestInTxSurvivesProfilerLabels(t *testing.T) {
	db, s := openScript(t)
	labels := pprof.Labels("job", "1")
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		pprof.Do(ctx, labels, func(ctx context.Context) { exec(t, ctx, db, "OWN CTX") })
		exec(t, ctx, db, "AFTER OWN CTX")
		// A foreign ctx takes the variables off the goroutine. The ctx of the transaction
		// still leads to the transaction.
		pprof.Do(context.Background(), labels, func(context.Context) {
			exec(t, ctx, db, "FOREIGN CTX")
			assert.NoError(t, ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
				exec(t, ctx, db, "JOINED")
				return nil
			}))
			assert.NoError(t, ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
				exec(t, ctx, db, "INNER")
				exec(t, context.Background(), db, "INNER, ANY CTX")
				return nil
			}, ctxsql.Savepoint()))
		})
		exec(t, ctx, db, "AFTER FOREIGN CTX")
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, []string{
		"BEGIN", "OWN CTX", "AFTER OWN CTX", "FOREIGN CTX", "JOINED",
		"SAVEPOINT ctxsql_1", "INNER", "INNER, ANY CTX", "RELEASE SAVEPOINT ctxsql_1", "AFTER FOREIGN CTX", "COMMIT",
	}, s.took())
	_, err = ctxsql.Tx(t.Context(), db)
	assert.ErrorIs(t, err, ctxsql.ErrNoTx, "the variable is as it was before InTx")
}

func TestTxErrorText(t *testing.T) {
	db, _ := openScript(t)
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		_ = ctxsql.InTx(ctx, db, nil, func(context.Context) error { return errBoom })
		return nil
	})
	refused := requireTxError(t, "InTx", ctxsql.ErrRollbackOnly, err)
	assert.Regexp(t, `^intx_test\.go:\d+$`, refused.Begun)
	assert.EqualError(t, err, "ctxsql: InTx: the transaction can only be rolled back, since a part of it failed (begun at "+
		refused.Begun+"): boom")
	assert.False(t, strings.HasSuffix(refused.Begun, ":0"))
}
