package ctxsql_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

func TestSavepointWithoutTransaction(t *testing.T) {
	db, s := openScript(t)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		exec(t, ctx, db, "INSERT")
		return nil
	}, ctxsql.Savepoint()))
	assert.Equal(t, []string{"BEGIN", "INSERT", "COMMIT"}, s.took())
}

func TestSavepointKept(t *testing.T) {
	db, s := openScript(t)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		for range 2 {
			err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
				exec(t, ctx, db, "INSERT")
				return ctxsql.InTx(ctx, db, nil, func(context.Context) error { return nil }, ctxsql.Savepoint())
			}, ctxsql.Savepoint())
			assert.NoError(t, err)
		}
		return nil
	}))
	assert.Equal(t, []string{
		"BEGIN",
		"SAVEPOINT ctxsql_1", "INSERT", "SAVEPOINT ctxsql_2", "RELEASE SAVEPOINT ctxsql_2", "RELEASE SAVEPOINT ctxsql_1",
		"SAVEPOINT ctxsql_3", "INSERT", "SAVEPOINT ctxsql_4", "RELEASE SAVEPOINT ctxsql_4", "RELEASE SAVEPOINT ctxsql_3",
		"COMMIT",
	}, s.took())
}

func TestSavepointUndone(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		inner  func(ctx context.Context) error
	}{
		{
			name:   "error",
			reason: "the ordinary failure",
			inner:  func(context.Context) error { return errBoom },
		},
		{
			name:   "panic",
			reason: "the transaction is usable after a recover",
			inner:  func(context.Context) error { panic(errBoom) },
		},
		{
			name:   "context of its own ended",
			reason: "a time limit for the part does not end the whole",
			inner: func(ctx context.Context) error {
				ctx.Value(ctxKey{}).(context.CancelFunc)()
				return ctx.Err()
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NotEmpty(t, test.reason)
			db, s := openScript(t)
			require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				inner, cancel := context.WithCancel(ctx)
				defer cancel()
				inner = context.WithValue(inner, ctxKey{}, cancel)
				recovered(func() {
					assert.Error(t, ctxsql.InTx(inner, db, nil, test.inner, ctxsql.Savepoint()))
				})
				exec(t, ctx, db, "OUTER")
				return nil
			}))
			assert.Equal(t, []string{
				"BEGIN", "SAVEPOINT ctxsql_1", "ROLLBACK TO SAVEPOINT ctxsql_1", "RELEASE SAVEPOINT ctxsql_1", "OUTER", "COMMIT",
			}, s.took())
		})
	}
}

func TestSavepointGoexit(t *testing.T) {
	db, s := openScript(t)
	inGoroutine(func() {
		_ = ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
			return ctxsql.InTx(ctx, db, nil, func(context.Context) error {
				runtime.Goexit()
				return nil
			}, ctxsql.Savepoint())
		})
		t.Error("InTx returned")
	})
	assert.Equal(t, []string{
		"BEGIN", "SAVEPOINT ctxsql_1", "ROLLBACK TO SAVEPOINT ctxsql_1", "RELEASE SAVEPOINT ctxsql_1", "ROLLBACK",
	}, s.took())
}

func TestFailedJoinForbidsSavepointOnly(t *testing.T) {
	db, s := openScript(t)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			_ = ctxsql.InTx(ctx, db, nil, func(context.Context) error { return errBoom })
			return nil
		}, ctxsql.Savepoint())
		requireTxError(t, "InTx", ctxsql.ErrRollbackOnly, err)
		assert.ErrorIs(t, err, errBoom)
		return nil
	}))
	assert.Equal(t, []string{
		"BEGIN", "SAVEPOINT ctxsql_1", "ROLLBACK TO SAVEPOINT ctxsql_1", "RELEASE SAVEPOINT ctxsql_1", "COMMIT",
	}, s.took())
}

func TestSavepointSyntax(t *testing.T) {
	db, s := openScript(t)
	sqlServer := ctxsql.SavepointSyntax("SAVE TRANSACTION %s", "ROLLBACK TRANSACTION %s", "")
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		assert.NoError(t, ctxsql.InTx(ctx, db, nil, func(context.Context) error { return nil }, sqlServer))
		assert.Error(t, ctxsql.InTx(ctx, db, nil, func(context.Context) error { return errBoom }, sqlServer))
		return nil
	}))
	assert.Equal(t, []string{
		"BEGIN", "SAVE TRANSACTION ctxsql_1", "SAVE TRANSACTION ctxsql_2", "ROLLBACK TRANSACTION ctxsql_2", "COMMIT",
	}, s.took())
}

func TestSavepointDatabaseFailures(t *testing.T) {
	errDown := errors.New("the server is down")
	tests := []struct {
		name    string
		reason  string
		fail    []string
		fnErr   error
		called  bool
		text    string // the inner error
		doomed  bool   // whether the transaction can't be committed after it
		because error
	}{
		{
			name:   "save",
			reason: "nothing was done, so nothing is in the way of the rest",
			fail:   []string{"SAVEPOINT ctxsql_1"},
			text:   "ctxsql: making a savepoint: the server is down",
		},
		{
			name:   "release",
			reason: "what can't be kept is undone",
			fail:   []string{"RELEASE SAVEPOINT ctxsql_1"},
			called: true,
			text: "ctxsql: releasing a savepoint: the server is down" +
				" (ctxsql: rolling back: the server is down)",
			doomed:  true,
			because: errDown,
		},
		{
			name:    "rollback",
			reason:  "what could not be undone must not be committed with the rest",
			fail:    []string{"ROLLBACK TO SAVEPOINT ctxsql_1"},
			fnErr:   errBoom,
			called:  true,
			text:    "boom (ctxsql: rolling back: the server is down)",
			doomed:  true,
			because: errDown,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NotEmpty(t, test.reason)
			db, s := openScript(t)
			s.fail = failOn(errDown, test.fail...)
			called := false
			err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				err := ctxsql.InTx(ctx, db, nil, func(context.Context) error {
					called = true
					return test.fnErr
				}, ctxsql.Savepoint())
				assert.EqualError(t, err, test.text)
				assert.ErrorIs(t, err, errDown)
				for op, use := range uses {
					if err := use(ctx, db); test.doomed {
						requireTxError(t, op, ctxsql.ErrRollbackOnly, err)
						assert.ErrorIs(t, err, errDown)
					} else {
						assert.NoError(t, err)
					}
				}
				return nil
			})
			assert.Equal(t, test.called, called)
			if test.doomed {
				requireTxError(t, "InTx", ctxsql.ErrRollbackOnly, err)
				assert.ErrorIs(t, err, test.because)
			} else {
				assert.NoError(t, err)
			}
		})
	}
}

func TestSavepointInCancelledTransaction(t *testing.T) {
	db, s := openScript(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			cancel()
			return ctx.Err()
		}, ctxsql.Savepoint())
		assert.ErrorIs(t, err, context.Canceled)
		return nil
	})
	require.ErrorIs(t, err, context.Canceled, "not that a part of it failed, which is only what followed")
	assert.NotErrorIs(t, err, ctxsql.ErrRollbackOnly)
	assert.NotContains(t, s.took(), "COMMIT")
}
