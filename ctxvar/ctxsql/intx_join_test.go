package ctxsql_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

func TestNestedInTxJoins(t *testing.T) {
	db, s := openScript(t)
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		exec(t, ctx, db, "OUTER")
		err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			_, ok := ctxvar.FromContext(ctx)
			assert.True(t, ok)
			exec(t, ctx, db, "INNER")
			return nil
		})
		exec(t, ctx, db, "OUTER AGAIN")
		return err
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"BEGIN", "OUTER", "INNER", "OUTER AGAIN", "COMMIT"}, s.took())
}

func TestFailedJoinForbidsCommit(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		inner  func() error
		cause  error // the expected failure; nil for any
	}{
		{
			name:   "error",
			reason: "half of what was to be done together must not be committed",
			inner:  func() error { return errBoom },
			cause:  errBoom,
		},
		{
			name:   "panic",
			reason: "a recovered panic leaves the work half done too",
			inner:  func() error { panic(errBoom) },
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NotEmpty(t, test.reason)
			db, s := openScript(t)
			err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				recovered(func() {
					err := ctxsql.InTx(ctx, db, nil, func(context.Context) error { return test.inner() })
					assert.Same(t, test.cause, err)
				})
				_ = ctxsql.InTx(ctx, db, nil, func(context.Context) error { return sql.ErrNoRows })
				return nil // swallowed
			})
			refused := requireTxError(t, "InTx", ctxsql.ErrRollbackOnly, err)
			assert.NotErrorIs(t, err, sql.ErrNoRows, "the first failure is the one that counts")
			if test.cause != nil {
				assert.Same(t, test.cause, refused.Cause)
				assert.ErrorIs(t, err, test.cause)
			}
			assert.Equal(t, []string{"BEGIN", "ROLLBACK"}, s.took())
		})
	}
}

func TestFailedJoinReturned(t *testing.T) {
	db, s := openScript(t)
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		return ctxsql.InTx(ctx, db, nil, func(context.Context) error { return errBoom })
	})
	assert.Same(t, errBoom, err)
	assert.Equal(t, []string{"BEGIN", "ROLLBACK"}, s.took())
}

func TestJoinIsolation(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		outer  *sql.TxOptions
		inner  *sql.TxOptions
		wrong  bool
	}{
		{
			name:   "none asked for",
			reason: "who doesn't care takes what there is",
			outer:  &sql.TxOptions{Isolation: sql.LevelSerializable},
		},
		{
			name:   "default asked for",
			reason: "likewise",
			outer:  &sql.TxOptions{Isolation: sql.LevelSerializable},
			inner:  &sql.TxOptions{ReadOnly: true},
		},
		{
			name:   "the same",
			reason: "it is what was asked for",
			outer:  &sql.TxOptions{Isolation: sql.LevelSerializable},
			inner:  &sql.TxOptions{Isolation: sql.LevelSerializable},
		},
		{
			name:   "another",
			reason: "code that relies on a level must not run in another unawares",
			outer:  &sql.TxOptions{Isolation: sql.LevelReadCommitted},
			inner:  &sql.TxOptions{Isolation: sql.LevelSerializable},
			wrong:  true,
		},
		{
			name:   "another than the default",
			reason: "what the default is nobody knows here",
			inner:  &sql.TxOptions{Isolation: sql.LevelSerializable},
			wrong:  true,
		},
	}
	for _, test := range tests {
		for _, option := range [][]ctxsql.Option{nil, {ctxsql.Savepoint()}} {
			t.Run(fmt.Sprintf("%s/%d options", test.name, len(option)), func(t *testing.T) {
				require.NotEmpty(t, test.reason)
				db, _ := openScript(t)
				called := false
				err := ctxsql.InTx(t.Context(), db, test.outer, func(ctx context.Context) error {
					return ctxsql.InTx(ctx, db, test.inner, func(context.Context) error {
						called = true
						return nil
					}, option...)
				})
				assert.Equal(t, !test.wrong, called)
				if test.wrong {
					requireTxError(t, "InTx", ctxsql.ErrIsolation, err)
					assert.ErrorContains(t, err, "Serializable")
				} else {
					assert.NoError(t, err)
				}
			})
		}
	}
}

func TestAutonomous(t *testing.T) {
	db, s := openScript(t)
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		exec(t, ctx, db, "OUTER")
		err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			exec(t, ctx, db, "AUDIT")
			return nil
		}, ctxsql.Autonomous())
		assert.NoError(t, err)
		exec(t, ctx, db, "OUTER AGAIN")
		return errBoom
	})
	assert.Same(t, errBoom, err)
	assert.Equal(t, []string{"BEGIN", "OUTER", "BEGIN", "AUDIT", "COMMIT", "OUTER AGAIN", "ROLLBACK"}, s.took())
	assert.Equal(t, 2, s.conns, "a connection each")
}

func TestAutonomousFailureStaysInside(t *testing.T) {
	db, s := openScript(t)
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		err := ctxsql.InTx(ctx, db, nil, func(context.Context) error { return errBoom }, ctxsql.Autonomous())
		assert.Same(t, errBoom, err)
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"BEGIN", "BEGIN", "ROLLBACK", "COMMIT"}, s.took())
}

func TestTwoDatabasesDontMix(t *testing.T) {
	a, as := openScript(t)
	b, bs := openScript(t)
	err := ctxsql.InTx(t.Context(), a, nil, func(ctx context.Context) error {
		exec(t, ctx, a, "A1")
		exec(t, ctx, b, "B1")
		err := ctxsql.InTx(ctx, b, nil, func(ctx context.Context) error {
			exec(t, ctx, a, "A2")
			exec(t, ctx, b, "B2")
			return ctxsql.InTx(ctx, a, nil, func(ctx context.Context) error {
				exec(t, ctx, a, "A3")
				exec(t, ctx, b, "B3")
				return nil
			})
		})
		exec(t, ctx, a, "A4")
		exec(t, ctx, b, "B4")
		assert.NoError(t, err)
		return errBoom
	})
	assert.Same(t, errBoom, err)
	assert.Equal(t, []string{"BEGIN", "A1", "A2", "A3", "A4", "ROLLBACK"}, as.took())
	assert.Equal(t, []string{"pool: B1", "BEGIN", "B2", "B3", "COMMIT", "pool: B4"}, bs.took())
}
