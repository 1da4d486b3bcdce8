package ctxsql

import "github.com/heirloom-go/heirloom/ctxvar/ctxtx"

// An Option configures one call of [InTx]. It is a [ctxtx.Option], as in
// package ctxpgx.
type Option = ctxtx.Option

// Savepoint makes a nested [InTx] a savepoint: if its function fails, what it
// did is undone, and the transaction around it goes on. Without a transaction
// around it, InTx begins one as usual.
//
// The statements are those of standard SQL, as PostgreSQL, SQLite, MySQL,
// MariaDB and CockroachDB have them: SAVEPOINT, ROLLBACK TO SAVEPOINT and
// RELEASE SAVEPOINT. [SavepointSyntax] is for other databases.
func Savepoint() Option {
	return ctxtx.Savepoint()
}

// SavepointSyntax is [Savepoint] with the statements of another database. Each
// statement has one %s for the name, which is "ctxsql_1" for the first
// savepoint of a transaction and "ctxsql_2" for the next. release is empty for
// a database without such a statement:
//
//	SavepointSyntax("SAVE TRANSACTION %s", "ROLLBACK TRANSACTION %s", "") // SQL Server
//	SavepointSyntax("SAVEPOINT %s", "ROLLBACK TO SAVEPOINT %s", "")       // Oracle
func SavepointSyntax(save, rollback, release string) Option {
	return ctxtx.SavepointSyntax(save, rollback, release)
}

// Autonomous makes a nested [InTx] a transaction of its own, on another
// connection, which is committed or rolled back independently of the one around
// it. An example is an entry in an audit log that must stay. In a goroutine
// that has inherited a transaction, Autonomous begins one of its own.
//
// The transaction around it waits meanwhile. If the two need the same lock, or
// the pool has no connection left ([sql.DB.SetMaxOpenConns]), both wait until
// the database or the end of ctx breaks the deadlock. SQLite has only one
// writer at a time, so there only one of the two may write.
func Autonomous() Option {
	return ctxtx.Autonomous()
}

// Retry makes [InTx] run the whole transaction again, up to n more times, if it
// fails with an error for which retryable returns true. The error may come from
// beginning, from fn and what it called, or from committing. In PostgreSQL,
// errors with SQLSTATE 40001 (serialization failure) and 40P01 (deadlock) can
// be retried; in SQLite, SQLITE_BUSY.
//
// Before the first retry, InTx waits for a random time of up to 2 milliseconds,
// and before each further one for up to twice as long, but at most 256
// milliseconds, so that colliding transactions do not collide again. It gives
// up when ctx ends. fn must tolerate being called again: what it did in the
// database is undone, but what it did elsewhere is not. Nothing is run again
// after a panic.
//
// A nested InTx that joins or makes a savepoint cannot be run again by itself,
// and leaves retrying to the one that began the transaction. Retry panics if
// retryable is nil.
func Retry(n int, retryable func(error) bool) Option {
	return ctxtx.Retry(n, retryable)
}
