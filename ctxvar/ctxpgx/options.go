package ctxpgx

import "github.com/heirloom-go/heirloom/ctxvar/ctxtx"

// An Option configures one call of [InTx]. It is a [ctxtx.Option], and the same as
// package ctxsql has.
type Option = ctxtx.Option

// Savepoint makes a nested [InTx] a savepoint: if its function fails, what it
// did is undone and the transaction around it goes on. Where there is no
// transaction, InTx begins one, as ever. The savepoints of a transaction are
// called ctxpgx_1, ctxpgx_2 and so on.
func Savepoint() Option {
	return ctxtx.Savepoint()
}

// Autonomous makes a nested [InTx] a transaction of its own, on another
// connection, which is committed or rolled back whatever becomes of the one
// around it: an entry in an audit log, say, that must stay. It may also be used
// in a goroutine that has inherited a transaction, for one of its own.
//
// The transaction around it waits meanwhile. If the two want the same lock, or
// the pool has no connection left (MaxConns in [pgxpool.Config]), both wait, until
// the database or the end of ctx breaks the deadlock.
//
// [pgxpool.Config]: https://pkg.go.dev/github.com/jackc/pgx/v5/pgxpool#Config
func Autonomous() Option {
	return ctxtx.Autonomous()
}

// Retry makes [InTx] run the whole transaction again if it fails with an error
// that retryable, [Retryable] as a rule, says is worth it, up to n more times. The error
// may come from beginning, from fn and what it called, or from committing.
//
// Before the first retry InTx waits for a random time of up to 2 milliseconds,
// and up to twice as long before each further one, but no longer than 256. It gives up
// when ctx ends. fn must not mind being called again: what it did in the database is
// undone, and what it did elsewhere is not. Nothing is run again after a panic.
//
// A nested InTx that joins or makes a savepoint can't be run again by itself,
// and leaves retrying to the one that began the transaction. Retry panics if
// retryable is nil.
func Retry(n int, retryable func(error) bool) Option {
	return ctxtx.Retry(n, retryable)
}
