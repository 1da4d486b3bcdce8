package ctxtx

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Tx is a transaction, as an adapter has begun it with its driver. Those who may use it
// call its methods one at a time, if need be with a [Gate].
type Tx interface {
	// Exec runs a statement that has no parameters and no result: those of savepoints.
	Exec(ctx context.Context, statement string) error
	// Commit and Rollback get the ctx that the transaction was begun with, and one of them
	// is called last; Rollback too after a Commit that failed. Rollback returns nil if the
	// transaction is over already.
	Commit(ctx context.Context) error
	Rollback(ctx context.Context) error
	// Over reports whether err, of Exec and maybe nil, says that all of the transaction is
	// over.
	Over(err error) bool
}

// An Adapter keeps the current transactions of all databases of one package. It may be
// used by any number of goroutines at the same time.
//
// Its methods take the database as db, a value that is compared with ==, a pointer as a
// rule: what the package's users have in hand, such as a [*database/sql.DB]. Transactions
// of two databases don't know of each other. op is the name of what the user has called,
// for [Error].
type Adapter struct {
	name  string
	ended error
	// current has the transactions that the running goroutine is in or has inherited,
	// one of each database and level.
	current *ctxvar.Var[*hold]
}

// New returns the Adapter of a package, which keeps it in a variable at package level.
// name is the package's: texts of errors begin with it, savepoints are called name_1,
// name_2 and so on, and the variable is name.transaction. ended, which may be nil, is
// what the driver says of a transaction that is over, as [database/sql.ErrTxDone] is; an
// [Error] with [ErrTxEnded] is that too.
func New(name string, ended error) *Adapter {
	return &Adapter{name: name, ended: ended, current: ctxvar.New[*hold](name + ".transaction")}
}

// InTx calls fn in a transaction of db, which begin begins, or in the current one. If fn
// returns nil, the transaction is committed; if fn returns an error, panics or calls
// [runtime.Goexit], it is rolled back, and the error is returned, or the panic or Goexit
// goes on. fn gets a ctx that descends from ctx and carries the transaction.
//
// Within another InTx of db, in the same goroutine, fn joins the transaction, unless
// options say otherwise. isolation is the level that the user asks
// for, in the database's words, or "" for whatever it is: an inner InTx that joins and
// asks for another one than its transaction has is refused, with [ErrIsolation].
//
// The error is fn's, or says that beginning, committing or a savepoint has failed, and
// wraps the Tx's; or it is an [*Error]. An error of Rollback is added to fn's.
//
// InTx must be called by the package's own function of this name, or one like it, whose
// caller [Error.Begun] names.
func (a *Adapter) InTx(ctx context.Context, db any, isolation string, begin func(context.Context) (Tx, error), fn func(context.Context) error, options ...Option) error {
	c := configure(options)
	if c.nesting == autonomous {
		return a.retry(ctx, db, isolation, begin, fn, c, caller())
	}
	h, here := a.find(ctx, db)
	if h == nil {
		if err := a.outside(ctx, "InTx"); err != nil {
			return err
		}
		return a.retry(ctx, db, isolation, begin, fn, c, caller())
	}
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

// Use returns the transaction of db that the running goroutine is in. It returns nil, and
// no error, if it is certain that there is none: then op is done outside of any. If the
// goroutine may not use the transaction, or if nobody can tell whether there is one, the
// error is an [*Error].
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

// Need is [Adapter.Use] for what can't be done without a transaction: where there is
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

// OnCommit has fn called once the current transaction of db is committed, and not at all
// if it, or the savepoint that OnCommit was called in, is rolled back. Where there is
// none, it calls fn at once. InTx calls the functions in order, after committing, before
// it returns: with the ctx that it was given itself, and the variables of its goroutine.
// The error is an [*Error] where [Adapter.Use] returns one.
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
