package ctxpgx

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/heirloom-go/heirloom/internal/dbtx"
)

// kind is what this package's transactions are.
var kind = dbtx.New("ctxpgx", begin, func(r dbtx.Refusal) error {
	return &TxError{r.Op, r.Err, r.Cause, r.Begun, r.Todo}
})

// rollbackTime is how long a rollback may take, which goes on when ctx has ended. After
// that the connection is closed, which has the server roll back.
var rollbackTime = 5 * time.Second

// A transaction is what pgx has begun on a connection of the pool.
type transaction struct {
	tx   pgx.Tx
	conn *pgxpool.Conn
	gate gate
}

func begin(ctx context.Context, db, opts any) (dbtx.Tx, error) {
	conn, err := db.(*pgxpool.Pool).Acquire(ctx)
	if err != nil {
		return nil, err
	}
	var txOptions pgx.TxOptions
	if o := opts.(*pgx.TxOptions); o != nil {
		txOptions = *o
	}
	tx, err := conn.BeginTx(ctx, txOptions)
	if err != nil {
		conn.Release()
		return nil, err
	}
	return &transaction{tx: tx, conn: conn, gate: newGate()}, nil
}

func (t *transaction) Exec(ctx context.Context, statement string) error {
	_, err := t.gated("InTx").Exec(ctx, statement)
	return err
}

// Commit commits, unless ctx has ended: pgx would only close the connection then.
func (t *transaction) Commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// Nobody shares the transaction any more, so whose turn it is has left rows open.
	entered, ok := t.gate.tryEnter()
	if !ok {
		return errRowsOpen
	}
	if entered {
		defer t.gate.leave()
	}
	err := t.tx.Commit(ctx)
	if err == nil {
		t.conn.Release()
	}
	return err
}

// Rollback rolls back, whatever has become of ctx.
func (t *transaction) Rollback(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
	defer cancel()
	entered, err := t.gate.enter(ctx)
	if err != nil {
		// A goroutine that shares the transaction, or did, is in a statement or has
		// rows open. To close the connection beneath it is safe, and to use it is not.
		return t.conn.Hijack().PgConn().Conn().Close()
	}
	if entered {
		defer t.gate.leave() // who shares it still gets pgx's error now
	}
	defer t.conn.Release()
	if t.tx.Conn().IsClosed() {
		return nil // and the transaction is gone with it
	}
	if err := t.tx.Rollback(ctx); err != nil && !t.Over(err) {
		return err
	}
	return nil
}

func (*transaction) Over(err error) bool { return errors.Is(err, pgx.ErrTxClosed) }
