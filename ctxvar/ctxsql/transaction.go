package ctxsql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
)

// A transaction is what InTx has begun. It is the unit of the outermost level.
type transaction struct {
	tx        *sql.Tx
	ctx       context.Context // the one it was begun with
	isolation sql.IsolationLevel
	// savepoints counts those made so far, for their names. A goroutine that
	// makes one is alone in using the transaction, see level.nest.
	savepoints int
	// broken is why nobody knows any more what a statement would be part of: a
	// savepoint could not be undone. It is nil as a rule.
	broken atomic.Pointer[error]
}

// begin runs fn in a new transaction, once.
func begin(ctx context.Context, db *sql.DB, opts *sql.TxOptions, at place, fn func(context.Context) error) error {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("ctxsql: beginning a transaction: %w", err)
	}
	t := &transaction{tx: tx, ctx: ctx}
	if opts != nil {
		t.isolation = opts.Isolation
	}
	l := &level{db: db, begun: at}
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
	err := t.tx.Commit()
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrTxDone) && t.ctx.Err() != nil {
		// database/sql was quicker in rolling back because of ctx than Commit in
		// seeing that ctx has ended. Which one it is should not show.
		err = t.ctx.Err()
	}
	return fmt.Errorf("ctxsql: committing: %w", err)
}

func (t *transaction) undo() error {
	err := t.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, driver.ErrBadConn) {
		// It was over, because ctx ended or Commit failed; or the connection is
		// gone, and the transaction with it.
		return nil
	}
	return err
}
