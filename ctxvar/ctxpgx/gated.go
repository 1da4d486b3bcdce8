package ctxpgx

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// gated is a transaction whose goroutines take turns.
type gated struct {
	*transaction
	op string
}

func (t *transaction) gated(op string) gated { return gated{t, op} }

// enter returns what the statement's end has to call.
func (g gated) enter(ctx context.Context) (leave func(), err error) { return g.gate.Enter(ctx, g.op) }

func (g gated) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	leave, err := g.enter(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer leave()
	return g.tx.Exec(ctx, sql, args...)
}

func (g gated) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, src pgx.CopyFromSource) (int64, error) {
	leave, err := g.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	return g.tx.CopyFrom(ctx, table, columns, src)
}

func (g gated) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	leave, err := g.enter(ctx)
	if err != nil {
		return failedRows(err)
	}
	rows, err := g.tx.Query(ctx, sql, args...)
	if err != nil {
		leave()
		return rows, err
	}
	return &gatedRows{rows, leave}, nil
}

func (g gated) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	leave, err := g.enter(ctx)
	if err != nil {
		return failedRow(err)
	}
	return &gatedRow{g.tx.QueryRow(ctx, sql, args...), leave}
}

func (g gated) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	leave, err := g.enter(ctx)
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	return &gatedBatch{g.tx.SendBatch(ctx, b), leave}
}

// gatedRows end their statement's turn when they are closed, which they are too once they
// are read to the end.
type gatedRows struct {
	pgx.Rows
	leave func()
}

func (r *gatedRows) Next() bool {
	more := r.Rows.Next()
	if !more {
		r.leave()
	}
	return more
}

func (r *gatedRows) Close() {
	r.Rows.Close()
	r.leave()
}

// gatedRow ends its statement's turn when it is scanned.
type gatedRow struct {
	pgx.Row
	leave func()
}

func (r *gatedRow) Scan(dest ...any) error {
	defer r.leave()
	return r.Row.Scan(dest...)
}

// gatedBatch ends its turn when it is closed.
type gatedBatch struct {
	pgx.BatchResults
	leave func()
}

func (b *gatedBatch) Close() error {
	defer b.leave()
	return b.BatchResults.Close()
}

// failedRows returns rows that fail with err, which pgx alone can make.
func failedRows(err error) (pgx.Rows, error) {
	return pgx.FailedBatchResults(new(pgx.Batch), err).Query()
}

// failedRow returns a row that fails with err.
func failedRow(err error) pgx.Row {
	return pgx.FailedBatchResults(new(pgx.Batch), err).QueryRow()
}
