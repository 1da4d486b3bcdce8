package ctxtx

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Tx is a transaction that an adapter has begun with its driver. Its methods
// are called one at a time, if necessary because of a [Gate].
type Tx interface {
	// Exec runs a statement without parameters and without a result, for
	// savepoints.
	Exec(ctx context.Context, statement string) error
	// Commit and Rollback get the ctx with which the transaction was begun. One
	// of them is called last; Rollback is also called after a Commit that
	// failed. Rollback returns nil if the transaction has already ended.
	Commit(ctx context.Context) error
	Rollback(ctx context.Context) error
	// Over reports whether err, the result of Exec, which may be nil, means
	// that the whole transaction has ended.
	Over(err error) bool
}

// An Adapter keeps the current transactions of all databases of one package.
// Any number of goroutines may use it at the same time.
//
// Its methods take the database as db, a value that is compared with ==,
// usually a pointer: the one that the package's users have, such as a
// [*database/sql.DB]. Transactions of two databases are independent. op is the
// name of the function that the user called, for [Error].
type Adapter struct {
	name  string
	ended error
	// current has the transactions in which the running goroutine is or which
	// it has inherited, one for each database and level.
	current *ctxvar.Var[*hold]
}

// New returns the Adapter of a package, which keeps it in a variable at package
// level. name is the package's name: error texts begin with it, savepoints are
// named name_1, name_2 and so on, and the variable is name.transaction. ended,
// which may be nil, is the driver's error for a transaction that has ended,
// such as [database/sql.ErrTxDone]; an [Error] with [ErrTxEnded] is that error
// too.
func New(name string, ended error) *Adapter {
	return &Adapter{name: name, ended: ended, current: ctxvar.New[*hold](name + ".transaction")}
}

// InTx calls fn in a transaction of db that begin begins, or in the current
// one. If fn returns nil, the transaction is committed. If fn returns an error,
// panics or calls [runtime.Goexit], it is rolled back, and the error is
// returned, or the panic or Goexit continues. fn gets a ctx that descends from
// ctx and carries the transaction.
//
// Within another InTx of db, in the same goroutine, fn joins the transaction,
// unless options say otherwise. isolation is the isolation level that the user
// asks for, in the database's terms, or "" for any: an inner InTx that joins
// and asks for a level other than its transaction's fails with [ErrIsolation].
//
// The error is fn's, or one that wraps the Tx's error of beginning, committing
// or a savepoint, or an [*Error]. An error of Rollback is added to fn's.
func (a *Adapter) InTx(ctx context.Context, db any, isolation string, begin func(context.Context) (Tx, error), fn func(context.Context) error, options ...Option) error {
	c := configure(options)
	if c.nesting != autonomous {
		h, here := a.find(ctx, db)
		if h != nil {
			return h.inner(ctx, here, isolation, fn, c)
		}
		if err := a.outside(ctx, "InTx"); err != nil {
			return err
		}
	}
	return a.retry(ctx, db, isolation, begin, fn, c)
}

// inner is InTx within the transaction of h, which is among the running
// goroutine's variables if here is set.
func (h *hold) inner(ctx context.Context, here bool, isolation string, fn func(context.Context) error, c config) error {
	t, err := h.use("InTx")
	if err != nil {
		return err
	}
	if isolation != "" && isolation != t.isolation {
		return h.level.refuse("InTx", ErrIsolation, "begin it with "+isolation+
			" too, or make this InTx Autonomous")
	}
	if c.nesting == savepoint {
		return h.level.savepoint(ctx, t, c.syntax, fn)
	}
	if here {
		ctx = ctxvar.NewContext(ctx)
	}
	return h.level.join(ctx, fn)
}

// Use returns the transaction of db in which the running goroutine is. It
// returns nil, without an error, if it is certain that there is none; op then
// runs outside of any transaction. If the goroutine may not use the
// transaction, or if it is uncertain whether there is one, the error is an
// [*Error].
func (a *Adapter) Use(ctx context.Context, db any, op string) (Tx, error) {
	h, _ := a.find(ctx, db)
	if h == nil {
		return nil, a.outside(ctx, op)
	}
	t, err := h.use(op)
	if err != nil {
		return nil, err
	}
	return t.tx, nil
}

// Need is [Adapter.Use] for operations that require a transaction: if there is
// none, it returns an [*Error] with [ErrNoTx].
func (a *Adapter) Need(ctx context.Context, db any, op string) (Tx, error) {
	h, _ := a.find(ctx, db)
	if h == nil {
		return nil, a.refuse(Error{Op: op, Err: ErrNoTx, todo: "call it within InTx"})
	}
	t, err := h.use(op)
	if err != nil {
		return nil, err
	}
	return t.tx, nil
}

// OnCommit arranges for fn to be called after the current transaction of db has
// been committed. If the transaction, or the savepoint in which OnCommit was
// called, is rolled back, fn is not called. Without a transaction, OnCommit
// calls fn at once. InTx calls the functions in order, after committing and
// before it returns, with its own ctx and the variables of its goroutine. The
// error is an [*Error] in the same cases as for [Adapter.Use].
func (a *Adapter) OnCommit(ctx context.Context, db any, fn func(context.Context)) error {
	h, _ := a.find(ctx, db)
	if h == nil {
		if err := a.outside(ctx, "OnCommit"); err != nil {
			return err
		}
		fn(ctx)
		return nil
	}
	if _, err := h.use("OnCommit"); err != nil {
		return err
	}
	h.level.committed(fn)
	return nil
}
