// Package dbtx is what ctxsql and ctxpgx have in common: the current transaction as a
// variable, the rule which goroutines may use it, and what becomes of it when the
// function that it was begun for ends.
package dbtx

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Tx is a transaction, as a package has begun it. Those who may use it call its
// methods one at a time.
type Tx interface {
	// Exec runs a statement that has no parameters and no result.
	Exec(ctx context.Context, statement string) error
	// Commit and Rollback get the ctx that the transaction was begun with. Rollback
	// returns nil if the transaction was over.
	Commit(ctx context.Context) error
	Rollback(ctx context.Context) error
	// Over reports whether err says that all of the transaction is over.
	Over(err error) bool
}

// A Kind is the transactions of one package.
type Kind struct {
	pkg    string // the package's name, for texts
	begins func(ctx context.Context, db, opts any) (Tx, error)
	refuse func(Refusal) error
	// Current has the transactions that the running goroutine is in or has inherited,
	// one of each database and level. Only tests of the package need it.
	Current *ctxvar.Var[*Hold]
}

// New returns the Kind of a package. begin begins a transaction of db with opts, which are
// those given to InTx, and refuse makes the package's error of a Refusal.
func New(pkg string, begin func(ctx context.Context, db, opts any) (Tx, error), refuse func(Refusal) error) *Kind {
	return &Kind{pkg: pkg, begins: begin, refuse: refuse, Current: ctxvar.New[*Hold](pkg + ".transaction")}
}

// Use returns the transaction of db, a pointer, that the running goroutine is in, for op.
// It returns nil if it is certain that there is none, and an error if the goroutine may
// not use it.
func (k *Kind) Use(ctx context.Context, db any, op string) (Tx, error) {
	h, _ := k.find(ctx, db)
	if h == nil {
		return nil, k.outside(ctx, op)
	}
	t, err := h.use(op)
	if err != nil {
		return nil, err
	}
	return t.tx, nil
}

// Need is Use for what can't be done without a transaction.
func (k *Kind) Need(ctx context.Context, db any, op string) (Tx, error) {
	h, _ := k.find(ctx, db)
	if h == nil {
		return nil, k.refuse(Refusal{Op: op, Err: ErrNoTx, Todo: "call it within InTx"})
	}
	t, err := h.use(op)
	if err != nil {
		return nil, err
	}
	return t.tx, nil
}

// OnCommit has fn called once the current transaction of db is committed, or at once if
// there is none.
func (k *Kind) OnCommit(ctx context.Context, db any, fn func(context.Context)) error {
	h, _ := k.find(ctx, db)
	if h == nil {
		if err := k.outside(ctx, "OnCommit"); err != nil {
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

// InTx calls fn in a new transaction of db, a pointer, or in the current one. isolation is
// the level that opts ask for, in its database's words, or "" for the default. InTx must
// be called by the package's own InTx, whose caller is named in texts.
func (k *Kind) InTx(ctx context.Context, db, opts any, isolation string, fn func(context.Context) error, c Config) error {
	if c.Nesting == Autonomous {
		return k.retry(ctx, db, opts, isolation, c, caller(), fn)
	}
	h, here := k.find(ctx, db)
	if h == nil {
		if err := k.outside(ctx, "InTx"); err != nil {
			return err
		}
		return k.retry(ctx, db, opts, isolation, c, caller(), fn)
	}
	t, err := h.use("InTx")
	if err != nil {
		return err
	}
	if isolation != "" && isolation != t.isolation {
		return h.level.refuse("InTx", ErrIsolation, "begin it with "+isolation+
			" too, or make this InTx Autonomous")
	}
	if c.Nesting == Savepoint {
		return h.level.savepoint(ctx, t, c.Syntax, fn)
	}
	if here {
		ctx = ctxvar.NewContext(ctx)
	}
	return h.level.join(ctx, fn)
}
