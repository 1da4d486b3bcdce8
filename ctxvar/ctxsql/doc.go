// Package ctxsql makes the current transaction a variable: code that talks to a
// database through [database/sql] takes part in the transaction it is called in,
// with no parameter for it.
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
// the function fails in whatever way. [Retry] runs all of it again when another
// transaction got in the way. [OnCommit] leaves something to do for when it is
// certain. Transactions are of one [*sql.DB]; those of two at the same time
// don't mix.
//
// # Repositories
//
// [Conn] gives the methods that [*sql.DB] and [*sql.Tx] have in common, and looks
// for the transaction at each call. It is a parameter or field of the type
// [Querier], which is also the interface that generated code asks for. For
// prepared statements there is [Stmt], for what wants the transaction itself
// [Tx].
//
// The Querier is not meant to hide that statements fail: what holds for a
// statement in a transaction, as that after an error PostgreSQL accepts none but
// a rollback, holds here.
//
// # Nesting
//
// An InTx within another one of the same database joins it: both are committed
// or none is. With [Savepoint] the inner one can be undone by itself; with
// [Autonomous] it is a transaction apart. That a joining function failed can't be
// undone by hiding its error: see [ErrRollbackOnly].
//
// # Goroutines
//
// A goroutine inherits the variables of the one that starts it, and so the
// current transaction. But a transaction is one connection, with one statement at
// a time, and it ends when InTx returns, whatever goroutines are left. So only
// the goroutine that called InTx may use it. Others get a [*TxError], with
// [ErrOtherGoroutine], and after its end [ErrTxEnded], from all that would use
// it: never does a statement run outside of the transaction it was meant for
// because of where it was run. They have four ways on:
//
//   - to hand results back, and leave the database to the one that called InTx;
//   - [Share], to take part, while that one waits;
//   - InTx with Autonomous, for a transaction of their own;
//   - to be started outside: with [ctxvar.Detach] and a ctx that is not the one of
//     InTx's function, or from a function of OnCommit.
//
// That goes too for the body of a sequence given to [iter.Pull], which is a
// goroutine, and for handlers behind [net/http.TimeoutHandler].
//
// The ctx that InTx gives to its function carries the transaction as well. It
// counts in a goroutine that has inherited none, such as a worker that was there
// before or the function of a timer, and in one that has inherited that of another
// piece of work, see [ctxvar.Effective].
//
// In the goroutine that called InTx, nobody's profiler labels take the transaction away.
// In others they may, in the default mode: see [ctxvar.MayBeLost]. Such a goroutine may
// not run statements, unless its ctx says whether there is a transaction, for it might
// run them outside of the one that they were meant for.
//
// # Databases
//
// For pgx's own pool, without database/sql, there is [ctxpgx], and for a driver that has
// neither, an adapter is made from package ctxtx. The example orm has sqlc, GORM, Bun and
// ent in one transaction.
//
// Savepoints: PostgreSQL, SQLite, MySQL, MariaDB and CockroachDB share the
// statements that Savepoint sends, [SavepointSyntax] is for the others. Each
// savepoint of a transaction has a name of its own, from ctxsql_1 on. In MySQL
// and Oracle a statement like CREATE TABLE commits what went before, and removes
// the savepoints.
//
// PostgreSQL: after an error in a statement nothing else is accepted before a
// rollback, so work that may fail and is to be got over needs a Savepoint. A ctx
// that ends during a statement usually costs the connection, and so the whole
// transaction, savepoint or not. Serialization failures and deadlocks have the
// SQLSTATEs 40001 and 40P01, which may come from any statement and from
// committing: let them get to an InTx with Retry.
//
// SQLite: a transaction that reads first and writes then fails with SQLITE_BUSY
// if another one has written meanwhile; begin those that write with BEGIN
// IMMEDIATE, which drivers have an option for, and set a busy timeout. When a
// statement that writes is interrupted, because its ctx ends, SQLite undoes the
// whole transaction, and statements that come after are on their own: return the
// error.
//
// # Cost
//
// A statement through Conn costs some ten nanoseconds more than one on a [*sql.Tx]
// or [*sql.DB] at hand, and allocates nothing more, but for 16 bytes outside of
// any transaction with a ctx that carries variables. InTx costs a microsecond
// more than BeginTx and Commit, and one that joins a tenth of that. With SQLite,
// where a small transaction takes some 50 microseconds, and with PostgreSQL, it is
// lost in the noise. See the benchmarks, here and in examples.
//
// [ctxpgx]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxpgx
package ctxsql
