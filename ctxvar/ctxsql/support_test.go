package ctxsql_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

var errBoom = errors.New("boom")

// exec runs statement on whatever the running goroutine's statements use.
func exec(t testing.TB, ctx context.Context, db *sql.DB, statement string) {
	t.Helper()
	_, err := ctxsql.Conn(db).ExecContext(ctx, statement)
	assert.NoError(t, err)
}

// inGoroutine runs fn in a new goroutine and waits until it has ended, however it ends.
func inGoroutine(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// recovered returns what fn panics with, or nil.
func recovered(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}

// requireTxError asserts that err is a *TxError of the given kind and operation,
// and returns it.
func requireTxError(t *testing.T, op string, kind, err error) *ctxsql.TxError {
	t.Helper()
	require.ErrorIs(t, err, kind)
	var typed *ctxsql.TxError
	require.ErrorAs(t, err, &typed)
	require.Equal(t, op, typed.Op)
	return typed
}
