package ctxsql_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

func TestOnCommit(t *testing.T) {
	db, s := openScript(t)
	ctx := context.WithValue(t.Context(), ctxKey{}, "InTx's own")
	note := func(text string) func(context.Context) {
		return func(ctx context.Context) {
			assert.Equal(t, "InTx's own", ctx.Value(ctxKey{}))
			exec(t, ctx, db, text)
		}
	}
	require.NoError(t, ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		ctx = context.WithValue(ctx, ctxKey{}, "within")
		assert.NoError(t, ctxsql.OnCommit(ctx, db, note("1")))
		undone := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			assert.NoError(t, ctxsql.OnCommit(ctx, db, note("undone")))
			return errBoom
		}, ctxsql.Savepoint())
		assert.Same(t, errBoom, undone)
		kept := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			assert.NoError(t, ctxsql.OnCommit(ctx, db, note("2")))
			return nil
		}, ctxsql.Savepoint())
		assert.NoError(t, kept)
		joined := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			return ctxsql.OnCommit(ctx, db, note("3"))
		})
		assert.NoError(t, joined)
		inGoroutine(func() {
			assert.NoError(t, ctxsql.Share(ctx, db, func(ctx context.Context) error {
				return ctxsql.OnCommit(ctx, db, note("4"))
			}))
		})
		assert.NoError(t, ctxsql.OnCommit(ctx, db, note("5")))
		s.took()
		return nil
	}))
	assert.Equal(t, []string{"COMMIT", "pool: 1", "pool: 2", "pool: 3", "pool: 4", "pool: 5"}, s.took())
}

func TestOnCommitWithoutTransaction(t *testing.T) {
	db, _ := openScript(t)
	called := false
	require.NoError(t, ctxsql.OnCommit(t.Context(), db, func(ctx context.Context) {
		assert.Same(t, t.Context(), ctx)
		called = true
	}))
	assert.True(t, called)
}

func TestOnCommitNotIfRolledBack(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		commit error
		fn     error
	}{
		{"function fails", "nothing was committed", nil, errBoom},
		{"commit fails", "nothing was committed, either", errBoom, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NotEmpty(t, test.reason)
			db, s := openScript(t)
			s.fail = failOn(test.commit, "COMMIT")
			err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				assert.NoError(t, ctxsql.OnCommit(ctx, db, func(context.Context) { t.Error("called") }))
				return test.fn
			})
			assert.ErrorIs(t, err, errBoom)
		})
	}
}

func TestOnCommitOncePerSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, s := openScript(t)
		s.fail = failTimes(2, errSerialize, "COMMIT")
		called := 0
		err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
			return ctxsql.OnCommit(ctx, db, func(context.Context) { called++ })
		}, ctxsql.Retry(2, isSerialize))
		assert.NoError(t, err)
		assert.Equal(t, 1, called, "those of attempts that failed are forgotten")
	})
}

func TestOnCommitPanic(t *testing.T) {
	db, s := openScript(t)
	value := recovered(func() {
		_ = ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
			assert.NoError(t, ctxsql.OnCommit(ctx, db, func(context.Context) { panic(errBoom) }))
			return nil
		}, ctxsql.Retry(3, func(error) bool { return true }))
	})
	assert.Equal(t, errBoom, value)
	assert.Equal(t, []string{"BEGIN", "COMMIT"}, s.took())
}
