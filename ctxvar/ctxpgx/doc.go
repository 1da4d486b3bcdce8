// Package ctxpgx makes the current transaction of a pgx pool a variable: code
// that uses PostgreSQL through [pgxpool] takes part in the transaction in which
// it is called, without a parameter for it. It is for pgx's own interface what
// package ctxsql is for [database/sql], with the same names and the same rules.
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
// [InTx] begins a transaction, calls a function, and commits, or rolls back if
// the function fails in any way. [Retry] with [Retryable] runs the transaction
// again if another transaction interfered. [OnCommit] registers a function to
// be called after the commit. A transaction belongs to one [*pgxpool.Pool];
// simultaneous transactions of two pools, or of a pool and a [database/sql.DB]
// made from it, are independent.
//
// # Repositories
//
// [Conn] provides the methods that [*pgxpool.Pool] and [pgx.Tx] have in common,
// and looks for the transaction at each call. Its type is [Querier], which has
// the methods that sqlc's code for pgx expects; use it for parameters and
// fields. [Tx] is for code that needs the transaction itself.
//
// What is true of a statement in a transaction is true here. After an error
// PostgreSQL accepts only a rollback, so work that may fail without failing the
// transaction needs a [Savepoint]. When a ctx ends during a statement, pgx
// closes the connection, unless it is configured to ask the server to cancel,
// and the whole transaction is lost.
//
// # Nesting
//
// An InTx within another one of the same pool joins it: both are committed or
// neither is. With [Savepoint], the inner one can be undone separately; with
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
// transaction because of the goroutine in which it runs. Such a goroutine can
// use [Share], an Autonomous InTx, or be started outside of the transaction,
// with [ctxvar.Detach] and a ctx other than that of InTx's function.
//
// The ctx that InTx gives to its function carries the transaction too. It
// applies in a goroutine that has inherited none, such as a worker that existed
// before, and in one whose inherited transaction belongs to another work (see
// [ctxvar.Effective]).
//
// The documentation of package ctxsql has more details.
//
// [ctxvar.Detach]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar#Detach
// [ctxvar.Effective]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar#Effective
package ctxpgx
