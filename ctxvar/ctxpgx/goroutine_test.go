package ctxpgx_test

import (
	"context"
	"fmt"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxpgx"
)

func TestOtherGoroutineGetsAnError(t *testing.T) {
	pool := open(t)
	for op, use := range uses {
		t.Run(op, func(t *testing.T) {
			require.NoError(t, ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
				assert.NoError(t, use(ctx, pool), "the goroutine that began it may")
				var inherited, carried error
				inGoroutine(func() { inherited = use(context.Background(), pool) })
				ctxvar.Detach(func() { inGoroutine(func() { carried = use(ctx, pool) }) })
				requireTxError(t, op, ctxpgx.ErrOtherGoroutine, inherited)
				requireTxError(t, op, ctxpgx.ErrOtherGoroutine, carried)
				assert.Contains(t, inherited.Error(), "begun at goroutine_test.go:")
				assert.Contains(t, inherited.Error(), "ctxpgx.Share")
				return nil
			}))
		})
	}
}

func TestEndedTransactionIsAnError(t *testing.T) {
	pool := open(t)
	for op, use := range uses {
		t.Run(op, func(t *testing.T) {
			var ctx context.Context
			commit, late := make(chan struct{}), make(chan error)
			require.NoError(t, ctxpgx.InTx(t.Context(), pool, nil, func(txCtx context.Context) error {
				ctx = txCtx
				go func() {
					<-commit
					late <- use(context.Background(), pool)
				}()
				return nil
			}))
			close(commit)
			for _, err := range []error{<-late, use(ctx, pool)} {
				requireTxError(t, op, ctxpgx.ErrTxEnded, err)
				assert.ErrorIs(t, err, pgx.ErrTxClosed, "what pgx says of it")
			}
			if op != "Tx" {
				assert.NoError(t, use(t.Context(), pool), "and outside it is of no concern")
			}
		})
	}
}

// Goroutines that share a transaction take turns in each operation, and see what the
// others did.
func TestShare(t *testing.T) {
	pool := open(t)
	const sharers = 8
	require.NoError(t, ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		var wg sync.WaitGroup
		for i := range sharers {
			wg.Go(func() {
				assert.NoError(t, ctxpgx.Share(ctx, pool, func(ctx context.Context) error {
					assert.NoError(t, note(ctx, pool, fmt.Sprint(i)))
					for op, use := range uses {
						assert.NoError(t, use(ctx, pool), op)
					}
					rows, err := ctxpgx.Conn(pool).Query(ctx, "SELECT generate_series(1, 100)")
					assert.NoError(t, err)
					n, err := pgx.CollectRows(rows, pgx.RowTo[int])
					assert.Len(t, n, 100)
					return err
				}))
			})
		}
		wg.Wait()
		assert.Empty(t, notes(t, pool))
		return nil
	}))
	assert.Len(t, notes(t, pool), sharers)
}

// Open rows keep the others waiting until their ctx ends, and then everything goes on.
func TestSharedWhileRowsAreOpen(t *testing.T) {
	pool := open(t)
	require.NoError(t, ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		rows, err := ctxpgx.Conn(pool).Query(ctx, "SELECT generate_series(1, 1000)")
		require.NoError(t, err)
		require.True(t, rows.Next())
		_, err = ctxpgx.Conn(pool).Exec(ctx, "SELECT 1")
		require.ErrorContains(t, err, "conn busy", "pgx itself answers the one who reads them")
		inGoroutine(func() {
			assert.NoError(t, ctxpgx.Share(ctx, pool, func(ctx context.Context) error {
				for op, use := range uses {
					switch op {
					case "Tx", "OnCommit", "InTx":
						continue
					}
					limited, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
					err := use(limited, pool)
					cancel()
					requireTxError(t, op, ctxpgx.ErrShared, err)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				}
				return nil
			}))
		})
		rows.Close()
		rows.Close()
		return note(ctx, pool, "after")
	}))
	assert.Equal(t, []string{"after"}, notes(t, pool))
}

// If a goroutine that shared the transaction has left rows open, InTx must not hang,
// and must not commit.
func TestRowsLeftOpen(t *testing.T) {
	defer ctxpgx.SetRollbackTime(20 * time.Millisecond)()
	pool := open(t)
	err := ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		assert.NoError(t, note(ctx, pool, "n"))
		inGoroutine(func() {
			assert.NoError(t, ctxpgx.Share(ctx, pool, func(ctx context.Context) error {
				rows, err := ctxpgx.Conn(pool).Query(ctx, "SELECT generate_series(1, 100000)")
				assert.NoError(t, err)
				assert.True(t, rows.Next())
				return nil
			}))
		})
		return nil
	})
	require.ErrorContains(t, err, "ctxpgx: committing: rows of a statement are open")
	err = ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		rows, err := ctxpgx.Conn(pool).Query(ctx, "SELECT generate_series(1, 100000)")
		assert.NoError(t, err)
		assert.True(t, rows.Next())
		return nil
	})
	require.ErrorContains(t, err, "conn busy")
	assert.Empty(t, notes(t, pool))
}

func TestReturningBeforeSharersIsRefused(t *testing.T) {
	pool := open(t)
	var (
		inside, leave = make(chan struct{}), make(chan struct{})
		sharer        sync.WaitGroup
	)
	err := ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		sharer.Go(func() {
			assert.NoError(t, ctxpgx.Share(ctx, pool, func(ctx context.Context) error {
				assert.NoError(t, note(ctx, pool, "n"))
				close(inside)
				<-leave
				assert.ErrorIs(t, note(ctx, pool, "m"), ctxpgx.ErrTxEnded)
				return nil
			}))
		})
		<-inside
		never := func(context.Context) error { assert.Fail(t, "called"); return nil }
		assert.ErrorIs(t, ctxpgx.InTx(ctx, pool, nil, never, ctxpgx.Savepoint()), ctxpgx.ErrShared)
		return nil // without waiting
	})
	requireTxError(t, "InTx", ctxpgx.ErrShared, err)
	close(leave)
	sharer.Wait()
	assert.Empty(t, notes(t, pool))
}

// The transaction ends while another goroutine executes a statement in it.
func TestRollbackDuringAStatement(t *testing.T) {
	defer ctxpgx.SetRollbackTime(20 * time.Millisecond)()
	pool := open(t)
	var sharer sync.WaitGroup
	require.NoError(t, ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
		lock := func(ctx context.Context) error {
			_, err := ctxpgx.Conn(pool).Exec(ctx, "SELECT pg_advisory_xact_lock(14)")
			return err
		}
		assert.NoError(t, lock(ctx))
		err := ctxpgx.InTx(ctx, pool, nil, func(ctx context.Context) error {
			sharer.Go(func() { assert.Error(t, ctxpgx.Share(ctx, pool, lock)) })
			assert.Eventually(t, func() bool { // it waits for the lock
				var waiting bool
				err := pool.QueryRow(t.Context(), "SELECT count(*) > 0 FROM pg_locks WHERE objid = 14 AND NOT granted").Scan(&waiting)
				return err == nil && waiting
			}, time.Minute, time.Millisecond)
			return errBoom
		}, ctxpgx.Autonomous())
		assert.ErrorIs(t, err, errBoom)
		sharer.Wait()
		return nil
	}))
}

// Labels of any tracer, in the goroutine that called InTx, make no difference. In a
// goroutine that may or may not have inherited a transaction, nothing runs.
func TestLabels(t *testing.T) {
	pool := open(t)
	labels := pprof.WithLabels(context.Background(), pprof.Labels("span", "1"))
	defer pprof.SetGoroutineLabels(context.Background())
	require.ErrorIs(t, ctxpgx.InTx(t.Context(), pool, nil, func(context.Context) error {
		pprof.SetGoroutineLabels(labels)
		assert.NoError(t, note(t.Context(), pool, "n"))
		pprof.SetGoroutineLabels(labels)
		inGoroutine(func() {
			err := note(context.Background(), pool, "m")
			if ctxvar.Mode() == "exact" {
				assert.ErrorIs(t, err, ctxpgx.ErrOtherGoroutine)
				return
			}
			requireTxError(t, "Exec", ctxvar.ErrMayBeLost, err)
		})
		return errBoom
	}), errBoom)
	assert.Empty(t, notes(t, pool))
}

// A worker that was started in a transaction goes on with what the job's ctx says.
func TestWorkerOfAnotherWork(t *testing.T) {
	pool := open(t)
	jobs, done := make(chan func()), make(chan bool)
	defer close(jobs)
	do := func(job func()) {
		jobs <- func() { job(); done <- true }
		<-done
	}
	ctxvar.Work(func() {
		require.ErrorIs(t, ctxpgx.InTx(t.Context(), pool, nil, func(ctx context.Context) error {
			go func() {
				for job := range jobs {
					job()
				}
			}()
			do(func() { assert.ErrorIs(t, note(context.Background(), pool, "x"), ctxpgx.ErrOtherGoroutine) })
			inGoroutine(func() {
				ctxvar.Detach(func() {
					ctxvar.Work(func() {
						bravo := ctxvar.NewContext(t.Context())
						do(func() { assert.NoError(t, note(bravo, pool, "bravo")) })
					})
				})
			})
			return errBoom
		}), errBoom)
	})
	ctxvar.Work(func() {
		charlie := ctxvar.NewContext(t.Context())
		do(func() { assert.NoError(t, note(charlie, pool, "charlie")) })
		do(func() { assert.ErrorIs(t, note(context.Background(), pool, "x"), ctxpgx.ErrTxEnded) })
	})
	assert.Equal(t, []string{"bravo", "charlie"}, notes(t, pool))
}
