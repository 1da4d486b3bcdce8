package txpgx

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar/ctxpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

type store struct{ pool, other *pgxpool.Pool }

func (s store) outside(ctx context.Context) error {
	return ctxpgx.InTx(ctx, s.pool, nil, func(ctx context.Context) error {
		if _, err := s.pool.Exec(ctx, "x"); err != nil { // want `s.pool.Exec is not part of the transaction around it: use ctxpgx.Conn`
			return err
		}
		s.pool.SendBatch(ctx, new(pgx.Batch)) // want `s.pool.SendBatch is not part`
		s.pool.Begin(ctx)                     // want `s.pool.Begin is not part of the transaction around it: use InTx, with Savepoint or Autonomous`
		s.pool.Acquire(ctx)                   // want `s.pool.Acquire is not part of the transaction around it: use ctxpgx.Tx`
		return ctxpgx.Share(ctx, s.pool, func(ctx context.Context) error {
			return s.pool.QueryRow(ctx, "x").Scan() // want `s.pool.QueryRow is not part`
		})
	})
}

func (s store) inside(ctx context.Context) error {
	s.pool.Exec(ctx, "x")
	return ctxpgx.InTx(ctx, s.pool, nil, func(ctx context.Context) error {
		ctxpgx.Conn(s.pool).Exec(ctx, "x")
		s.other.Exec(ctx, "x")
		s.pool.Ping(ctx)
		return nil
	})
}
