package ctxtx

import (
	"context"
	"fmt"
	"sync/atomic"
)

// A transaction is what InTx has begun. It is the unit of the outermost level.
type transaction struct {
	adapter   *Adapter
	tx        Tx
	ctx       context.Context // the one it was begun with
	isolation string
	// savepoints counts those made so far, for their names. A goroutine that
	// makes one is alone in using the transaction, see level.nest.
	savepoints int
	// broken is the error of a savepoint that could not be undone, after which it is
	// not known what a statement would be part of. It is usually nil.
	broken atomic.Pointer[error]
}

// once runs fn in a new transaction, once.
func (a *Adapter) once(ctx context.Context, db any, isolation string, begin func(context.Context) (Tx, error), fn func(context.Context) error) error {
	tx, err := begin(ctx)
	if err != nil {
		return fmt.Errorf("%s: beginning a transaction: %w", a.name, err)
	}
	t := &transaction{adapter: a, tx: tx, ctx: ctx, isolation: isolation}
	l := &level{adapter: a, db: db, begun: placeOf(fn)}
	l.open.Store(t)
	if err := l.run(ctx, t, fn); err != nil {
		return err
	}
	for _, fn := range l.takeOnCommit() {
		fn(ctx)
	}
	return nil
}

func (t *transaction) keep() error {
	if err := t.tx.Commit(t.ctx); err != nil {
		return fmt.Errorf("%s: committing: %w", t.adapter.name, err)
	}
	return nil
}

func (t *transaction) undo() error { return t.tx.Rollback(t.ctx) }
