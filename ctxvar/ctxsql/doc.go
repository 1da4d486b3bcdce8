// Package ctxsql makes the current transaction a variable: code that uses a
// database through [database/sql] takes part in the transaction in which it is
// called, without a parameter for it.
//
//	type Accounts struct{ db ctxsql.Querier } // Accounts{ctxsql.Conn(db)}, once
//
//	func (a Accounts) Add(ctx context.Context, id, amount int) error {
//		_, err := a.db.ExecContext(ctx, "UPDATE accounts SET balance = balance + $2 WHERE id = $1", id, amount)
//		return err
//	}
//
//	err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
//		if err := accounts.Add(ctx, from, -amount); err != nil {
//			return err
//		}
//		return accounts.Add(ctx, to, amount)
//	})
//
// # Transactions
//
// [InTx] begins a transaction, calls a function, and commits, or rolls back if
// the function fails in any way. [Retry] runs the transaction again if another
// transaction interfered. [OnCommit] registers a function to be called after
// the commit. A transaction belongs to one [*sql.DB]; simultaneous transactions
// of two databases are independent.
//
// # Repositories
//
// [Conn] provides the methods that [*sql.DB] and [*sql.Tx] have in common, and
// looks for the transaction at each call. Its type is [Querier], which is also
// the interface that generated code expects; use it for parameters and fields.
// [Stmt] is for prepared statements, and [Tx] for code that needs the
// transaction itself.
//
// The Querier does not hide failures of statements. What is true of a statement
// in a transaction is true here; for example, after an error PostgreSQL accepts
// only a rollback.
//
// # Nesting
//
// An InTx within another one of the same database joins it: both are committed
// or neither is. With [Savepoint], the inner one can be undone separately; with
// [Autonomous], it is a separate transaction. Hiding the error of a joining
// function does not undo its failure; see [ErrRollbackOnly].
//
// # Goroutines
//
// A goroutine inherits the variables of the one that starts it, including the
// current transaction. But a transaction has one connection, with one statement
// at a time, and it ends when InTx returns, even if goroutines remain. So only
// the goroutine that called InTx may use it. In other goroutines, everything
// that would use it returns a [*TxError] with [ErrOtherGoroutine], and after
// its end with [ErrTxEnded]. So a statement never runs outside of its
// transaction because of the goroutine in which it runs. There are four
// alternatives:
//
//   - return the results, and let the goroutine that called InTx use the
//     database;
//   - [Share], to take part in the transaction while the goroutine that called
//     InTx waits;
//   - InTx with Autonomous, for a transaction of its own;
//   - start the goroutine outside of the transaction: with [ctxvar.Detach] and
//     a ctx other than that of InTx's function, or from a function of OnCommit.
//
// This also concerns the body of a sequence given to [iter.Pull], which is a
// goroutine, and handlers behind [net/http.TimeoutHandler].
//
// The ctx that InTx gives to its function carries the transaction too. It
// applies in a goroutine that has inherited none, such as a worker that existed
// before or the function of a timer, and in one whose inherited transaction
// belongs to another work (see [ctxvar.Effective]).
//
// In the goroutine that called InTx, profiler labels of other code never take
// the transaction away. In other goroutines they may, in the default mode (see
// [ctxvar.MayBeLost]). Such a goroutine may not run statements, unless its ctx
// says whether there is a transaction, because they might run outside of the
// intended transaction.
//
// # Databases
//
// For pgx's own pool, without database/sql, use [ctxpgx]; for other drivers,
// make an adapter with package ctxtx. The example orm uses sqlc, GORM, Bun and
// ent in one transaction.
//
// Savepoints: PostgreSQL, SQLite, MySQL, MariaDB and CockroachDB accept the
// statements that Savepoint sends; [SavepointSyntax] is for others. Each
// savepoint of a transaction has its own name, beginning with ctxsql_1. In
// MySQL and Oracle, a statement such as CREATE TABLE commits all previous
// statements, and removes the savepoints.
//
// PostgreSQL: after an error in a statement, only a rollback is accepted, so
// work that may fail without failing the transaction needs a Savepoint. A ctx
// that ends during a statement usually costs the connection, and so the whole
// transaction, with or without a savepoint. Serialization failures and
// deadlocks have the SQLSTATEs 40001 and 40P01, and may come from any statement
// and from committing: pass them on to an InTx with Retry.
//
// SQLite: a transaction that first reads and then writes fails with SQLITE_BUSY
// if another one has written meanwhile. Begin transactions that write with
// BEGIN IMMEDIATE, for which drivers have an option, and set a busy timeout. If
// a writing statement is interrupted because its ctx ends, SQLite undoes the
// whole transaction, and later statements run outside of it: return the error.
//
// # Cost
//
// A statement through Conn costs some ten nanoseconds more than one on a
// [*sql.Tx] or [*sql.DB], and allocates no more, except for 16 bytes outside of
// any transaction if the ctx carries variables. InTx costs a microsecond more
// than BeginTx and Commit, and a joining InTx a tenth of that. With SQLite,
// where a small transaction takes some 50 microseconds, and with PostgreSQL,
// this is not measurable. See the benchmarks, here and in examples.
//
// [ctxpgx]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxpgx
// [ctxvar.Detach]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar#Detach
// [ctxvar.Effective]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar#Effective
// [ctxvar.MayBeLost]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar#MayBeLost
package ctxsql
