package ctxpgx

import (
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/heirloom-go/heirloom/internal/dbtx"
)

// What a [*TxError] is about, for [errors.Is]. They are the same as those of package
// ctxsql.
var (
	// ErrNoTx is returned by what needs a transaction, where there is none.
	ErrNoTx = dbtx.ErrNoTx
	// ErrTxEnded is returned for a transaction, or a savepoint, whose InTx has
	// ended. Such an error is [pgx.ErrTxClosed] too.
	ErrTxEnded = dbtx.ErrTxEnded
	// ErrOtherGoroutine is returned in a goroutine that has inherited a
	// transaction and has not said that it shares it.
	ErrOtherGoroutine = dbtx.ErrOtherGoroutine
	// ErrShared is returned for what can't be done while several goroutines
	// share a transaction.
	ErrShared = dbtx.ErrShared
	// ErrRollbackOnly is returned by InTx in place of committing, where a part of
	// the transaction has failed and its error has gone no further. If that part
	// is a savepoint that the database could not undo, everything that would use
	// the transaction meanwhile returns it too.
	ErrRollbackOnly = dbtx.ErrRollbackOnly
	// ErrLost is returned by InTx, which has rolled back then, if the transaction was not
	// the goroutine's current one any more when the function returned, so that statements
	// may have run outside of it.
	ErrLost = dbtx.ErrLost
	// ErrIsolation is returned by a nested InTx that asks for another isolation
	// level than its transaction was begun with.
	ErrIsolation = dbtx.ErrIsolation
)

// A TxError tells that the current transaction can't be used, or can't be
// committed, in the way that was asked for.
type TxError struct {
	Op    string // what was called: InTx, Share, Exec, ...
	Err   error  // ErrNoTx, ErrTxEnded, ..., or ctxvar.ErrMayBeLost
	Cause error  // with ErrRollbackOnly, what failed; with ErrShared, why ctx has ended, or nil
	Begun string // the file and line of the InTx that began the transaction

	todo string // what the caller can do about it
}

func (e *TxError) Error() string { return e.refusal().Text("ctxpgx") }

// Unwrap returns e.Err, e.Cause if there is one, and [pgx.ErrTxClosed] with
// [ErrTxEnded].
func (e *TxError) Unwrap() []error { return e.refusal().Unwrap(pgx.ErrTxClosed) }

func (e *TxError) refusal() dbtx.Refusal {
	return dbtx.Refusal{Op: e.Op, Err: e.Err, Cause: e.Cause, Begun: e.Begun, Todo: e.todo}
}

// Retryable reports whether err says that another transaction was in the way, and that
// this one may succeed when it is run again: a serialization failure (SQLSTATE 40001) or
// a deadlock (40P01). It is for [Retry].
func Retryable(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}
