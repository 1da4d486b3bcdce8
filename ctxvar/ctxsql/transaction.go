package ctxsql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/heirloom-go/heirloom/ctxvar/ctxtx"
)

// adapter keeps this package's transactions.
var adapter = ctxtx.New("ctxsql", sql.ErrTxDone)

// A transaction is what database/sql has begun.
type transaction sql.Tx

func begin(ctx context.Context, db *sql.DB, opts *sql.TxOptions) (ctxtx.Tx, error) {
	tx, err := db.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return (*transaction)(tx), nil
}

func (t *transaction) tx() *sql.Tx { return (*sql.Tx)(t) }

func (t *transaction) Exec(ctx context.Context, statement string) error {
	_, err := t.tx().ExecContext(ctx, statement)
	return err
}

func (t *transaction) Commit(ctx context.Context) error {
	err := t.tx().Commit()
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		// database/sql was quicker in rolling back because of ctx than Commit in
		// seeing that ctx has ended. Which one it is should not show.
		return ctx.Err()
	}
	return err
}

func (t *transaction) Rollback(context.Context) error {
	err := t.tx().Rollback()
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, driver.ErrBadConn) {
		// It was over, because ctx ended or Commit failed; or the connection is
		// gone, and the transaction with it.
		return nil
	}
	return err
}

func (*transaction) Over(err error) bool { return errors.Is(err, sql.ErrTxDone) }
