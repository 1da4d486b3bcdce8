// Package ctxpgx makes the current transaction of a pgx pool a variable: code that
// talks to PostgreSQL through [pgxpool] takes part in the transaction it is called
// in, with no parameter for it. It is to pgx's own interface what package ctxsql is
// to [database/sql], with the same names and the same rules.
//
//	type Accounts struct{ db ctxpgx.Querier } // Accounts{ctxpgx.Conn(pool)}, once
//
//	func (a Accounts) Add(ctx context.Context, id string, amount int) error {
//		_, err := a.db.Exec(ctx, "UPDATE accounts SET balance = balance + $2 WHERE id = $1", id, amount)
//		return err
//	}
//
//	err := ctxpgx.InTx(ctx, pool, nil, func(ctx context.Context) error {
//		if err := accounts.Add(ctx, from, -amount); err != nil {
//			return err
//		}
//		return accounts.Add(ctx, to, amount)
//	})
//
// # Transactions
//
// [InTx] begins a transaction, calls a function, and commits, or rolls back if the
// function fails in whatever way. [Retry] with [Retryable] runs all of it again when
// another transaction got in the way. [OnCommit] leaves something to do for when it is
// certain. Transactions are of one [*pgxpool.Pool]; those of two at the same time don't
// mix, nor do those of a pool and of a [database/sql.DB] made from it.
//
// # Repositories
//
// [Conn] gives the methods that [*pgxpool.Pool] and [pgx.Tx] have in common, and looks
// for the transaction at each call. It is a parameter or field of the type [Querier],
// which has what code that sqlc generates for pgx asks for. For what wants the
// transaction itself there is [Tx].
//
// What holds for a statement in a transaction holds here: after an error PostgreSQL
// accepts none but a rollback, so work that may fail and is to be got over needs a
// [Savepoint]; and when a ctx ends during a statement pgx closes the connection, unless
// it is configured to ask the server to cancel, and the whole transaction is lost.
//
// # Nesting
//
// An InTx within another one of the same pool joins it: both are committed or none is.
// With [Savepoint] the inner one can be undone by itself; with [Autonomous] it is a
// transaction apart. That a joining function failed can't be undone by hiding its
// error: see [ErrRollbackOnly].
//
// # Goroutines
//
// A goroutine inherits the variables of the one that starts it, and so the current
// transaction. But a transaction is one connection, with one statement at a time, and it
// ends when InTx returns, whatever goroutines are left. So only the goroutine that called
// InTx may use it. Others get a [*TxError], with [ErrOtherGoroutine], and after its end
// [ErrTxEnded], from all that would use it: never does a statement run outside of the
// transaction it was meant for because of where it was run. Their ways on are [Share],
// an InTx that is Autonomous, or to be started outside, with [ctxvar.Detach] and a ctx
// that is not the one of InTx's function.
//
// The ctx that InTx gives to its function carries the transaction as well. It counts in a
// goroutine that has inherited none, such as a worker that was there before, and in one
// that has inherited that of another piece of work, see [ctxvar.Effective].
//
// The documentation of package ctxsql says the same at more length.
package ctxpgx
