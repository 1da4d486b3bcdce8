package ctxpgx

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/heirloom-go/heirloom/ctxvar/ctxtx"
)

// adapter keeps this package's transactions.
var adapter = ctxtx.New("ctxpgx", pgx.ErrTxClosed)

var errRowsOpen = errors.New("rows of a statement are open: read them to the end, or close them, where they were asked for")

// rollbackTime is how long a rollback may take, which goes on when ctx has ended. After
// that the connection is closed, which has the server roll back.
var rollbackTime = 5 * time.Second

// A transaction is what pgx has begun on a connection of the pool.
type transaction struct {
	tx   pgx.Tx
	conn *pgxpool.Conn
	gate *ctxtx.Gate
}

func begin(ctx context.Context, pool *pgxpool.Pool, opts *pgx.TxOptions) (ctxtx.Tx, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	var txOptions pgx.TxOptions
	if opts != nil {
		txOptions = *opts
	}
	tx, err := conn.BeginTx(ctx, txOptions)
	if err != nil {
		conn.Release()
		return nil, err
	}
	return &transaction{tx: tx, conn: conn, gate: adapter.NewGate()}, nil
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
	leave, ok := t.gate.TryEnter()
	if !ok {
		return errRowsOpen
	}
	defer leave()
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
	leave, err := t.gate.Enter(ctx, "InTx")
	if err != nil {
		// A goroutine that shares the transaction, or did, is in a statement or has
		// rows open. To close the connection beneath it is safe, and to use it is not.
		return t.conn.Hijack().PgConn().Conn().Close()
	}
	defer leave() // who shares it still gets pgx's error now
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
