package ctxsql

import "github.com/heirloom-go/heirloom/ctxvar/ctxtx"

// The faults that a [*TxError] reports, for use with [errors.Is]. They are
// those of [ctxtx], and the same as in package ctxpgx.
var (
	// ErrNoTx is returned by functions that need a transaction, if there is
	// none.
	ErrNoTx = ctxtx.ErrNoTx
	// ErrTxEnded is returned for a transaction or a savepoint whose InTx has
	// ended. Such an error is also [sql.ErrTxDone].
	ErrTxEnded = ctxtx.ErrTxEnded
	// ErrOtherGoroutine is returned in a goroutine that has inherited a
	// transaction and does not share it.
	ErrOtherGoroutine = ctxtx.ErrOtherGoroutine
	// ErrShared is returned by operations that are impossible while several
	// goroutines share a transaction.
	ErrShared = ctxtx.ErrShared
	// ErrRollbackOnly is returned by InTx instead of committing if a part of
	// the transaction has failed and its error was not passed on. If that part
	// is a savepoint that the database could not undo, everything that would
	// use the transaction before its end returns the error too.
	ErrRollbackOnly = ctxtx.ErrRollbackOnly
	// ErrLost is returned by InTx, after rolling back, if the transaction was
	// no longer the goroutine's current one when the function returned, so
	// statements may have run outside of it.
	ErrLost = ctxtx.ErrLost
	// ErrIsolation is returned by a nested InTx that asks for an isolation
	// level other than that of its transaction.
	ErrIsolation = ctxtx.ErrIsolation
)

// A TxError reports that the current transaction cannot be used or committed in
// the requested way. It is a [ctxtx.Error] whose Adapter is "ctxsql"; Err is
// one of the variables above, or ctxvar.ErrMayBeLost.
type TxError = ctxtx.Error
