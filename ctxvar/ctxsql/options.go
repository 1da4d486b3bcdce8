package ctxsql

import "github.com/heirloom-go/heirloom/ctxvar/ctxtx"

// An Option configures one call of [InTx]. It is a [ctxtx.Option], and the same as
// package ctxpgx has.
type Option = ctxtx.Option

// Savepoint makes a nested [InTx] a savepoint: if its function fails, what it
// did is undone and the transaction around it goes on. Where there is no
// transaction, InTx begins one, as ever.
//
// The statements are those of standard SQL, as PostgreSQL, SQLite, MySQL,
// MariaDB and CockroachDB know them: SAVEPOINT, ROLLBACK TO SAVEPOINT and
// RELEASE SAVEPOINT. [SavepointSyntax] is for other databases.
func Savepoint() Option {
	return ctxtx.Savepoint()
}

// SavepointSyntax is [Savepoint] in a database's own words. Each statement has
// one %s, where the name goes: "ctxsql_1" for the first savepoint of a
// transaction, "ctxsql_2" for the next. release is empty for a database that
// has no such statement:
//
//	SavepointSyntax("SAVE TRANSACTION %s", "ROLLBACK TRANSACTION %s", "") // SQL Server
//	SavepointSyntax("SAVEPOINT %s", "ROLLBACK TO SAVEPOINT %s", "")       // Oracle
func SavepointSyntax(save, rollback, release string) Option {
	return ctxtx.SavepointSyntax(save, rollback, release)
}

// Autonomous makes a nested [InTx] a transaction of its own, on another
// connection, which is committed or rolled back whatever becomes of the one
// around it: an entry in an audit log, say, that must stay. It may also be used
// in a goroutine that has inherited a transaction, for one of its own.
//
// The transaction around it waits meanwhile. If the two want the same lock, or
// the pool has no connection left ([sql.DB.SetMaxOpenConns]), both wait, until
// the database or the end of ctx breaks the deadlock. SQLite has one writer at
// a time, so there only one of the two may write.
func Autonomous() Option {
	return ctxtx.Autonomous()
}

// Retry makes [InTx] run the whole transaction again if it fails with an error
// that retryable says is worth it, up to n more times. The error may come from
// beginning, from fn and what it called, or from committing. In PostgreSQL, an
// error with SQLSTATE 40001 (serialization failure) or 40P01 (deadlock) is; in
// SQLite, SQLITE_BUSY is.
//
// Before the first retry InTx waits for a random time of up to 2 milliseconds,
// and up to twice as long before each further one, but no longer than 256, for
// those that got in each other's way should not meet again. It gives up when
// ctx ends. fn must not mind being called again: what it did in the database is
// undone, and what it did elsewhere is not. Nothing is run again after a panic.
//
// A nested InTx that joins or makes a savepoint can't be run again by itself,
// and leaves retrying to the one that began the transaction. Retry panics if
// retryable is nil.
func Retry(n int, retryable func(error) bool) Option {
	return ctxtx.Retry(n, retryable)
}
