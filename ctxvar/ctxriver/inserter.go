package ctxriver

import (
	"context"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// An Inserter inserts jobs in the current transaction, so they exist if, and
// only if, it is committed. [NewInserter] makes one. Several goroutines may use
// it at the same time.
type Inserter[TTx any] struct {
	client  *river.Client[TTx]
	current func(ctx context.Context) (TTx, error)
}

// NewInserter returns an Inserter. current returns the transaction of the
// calling goroutine:
//
//	jobs := ctxriver.NewInserter(client, func(ctx context.Context) (pgx.Tx, error) {
//		return ctxpgx.Tx(ctx, pool)
//	})
//	jobs := ctxriver.NewInserter(client, func(ctx context.Context) (*sql.Tx, error) {
//		return ctxsql.Tx(ctx, db)
//	})
//
// NewInserter panics with a [*ctxvar.UsageError] if client or current is nil.
func NewInserter[TTx any](client *river.Client[TTx], current func(ctx context.Context) (TTx, error)) *Inserter[TTx] {
	if client == nil || current == nil {
		panic(&ctxvar.UsageError{Func: "ctxriver.NewInserter", Problem: "nil client or function; pass the River client, and one that returns the transaction"})
	}
	return &Inserter[TTx]{client, current}
}

// Insert is the client's InsertTx in the current transaction. If there is none,
// or the goroutine may not use it, Insert returns the error of current and
// inserts nothing. The client's own Insert inserts jobs outside of any
// transaction.
func (i *Inserter[TTx]) Insert(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	tx, err := i.current(ctx)
	if err != nil {
		return nil, err
	}
	return i.client.InsertTx(ctx, tx, args, opts)
}

// InsertMany is the client's InsertManyTx in the current transaction, as Insert is its
// InsertTx.
func (i *Inserter[TTx]) InsertMany(ctx context.Context, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	tx, err := i.current(ctx)
	if err != nil {
		return nil, err
	}
	return i.client.InsertManyTx(ctx, tx, params)
}
