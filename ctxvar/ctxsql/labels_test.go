package ctxsql_test

import (
	"context"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

// Labels of any tracer, in the goroutine that called InTx, make no difference: no
// statement runs outside of the transaction, whatever ctx it is given.
func TestLabelsInTransaction(t *testing.T) {
	db, s := openScript(t)
	outside := t.Context()
	err := ctxsql.InTx(outside, db, nil, func(ctx context.Context) error {
		exec(t, outside, db, "DEBIT")
		foreign := pprof.WithLabels(context.Background(), pprof.Labels("span", "1"))
		pprof.SetGoroutineLabels(foreign)
		exec(t, outside, db, "CREDIT")
		pprof.Do(context.Background(), pprof.Labels("span", "2"), func(ctx context.Context) {
			exec(t, ctx, db, "LOG")
			exec(t, outside, db, "LOG")
		})
		pprof.SetGoroutineLabels(context.Background())
		exec(t, outside, db, "AUDIT")
		return errBoom
	})
	assert.ErrorIs(t, err, errBoom)
	assert.Equal(t, []string{"BEGIN", "DEBIT", "CREDIT", "LOG", "LOG", "AUDIT", "ROLLBACK"}, s.took())
}

// If other code's labels were in the way, so that a goroutine may or may not have
// inherited a transaction, it runs nothing outside of one.
func TestMayBeLost(t *testing.T) {
	for op, use := range uses {
		t.Run(op, func(t *testing.T) {
			db, s := openScript(t)
			require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				s.took()
				pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("span", "1")))
				defer pprof.SetGoroutineLabels(context.Background())
				inGoroutine(func() {
					bare := use(context.Background(), db)
					assert.ErrorIs(t, use(ctx, db), ctxsql.ErrOtherGoroutine, "the ctx says")
					switch {
					case ctxvar.Mode() == "exact":
						assert.ErrorIs(t, bare, ctxsql.ErrOtherGoroutine)
						return
					case op == "Tx":
						assert.ErrorIs(t, bare, ctxsql.ErrNoTx)
					default:
						requireTxError(t, op, ctxvar.ErrMayBeLost, bare)
						assert.ErrorContains(t, bare, "ctxvar.Do")
					}
					if op != "Tx" {
						ctxvar.Work(func() { assert.NoError(t, use(context.Background(), db), "a work has lost nothing") })
					}
				})
				return nil
			}))
		})
	}
	if ctxvar.Mode() == "exact" {
		return
	}
	// A transaction of its own is certain.
	db, s := openScript(t)
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("span", "1")))
	defer pprof.SetGoroutineLabels(context.Background())
	inGoroutine(func() {
		own := func(ctx context.Context) error { exec(t, context.Background(), db, "OWN"); return nil }
		assert.ErrorIs(t, ctxsql.InTx(t.Context(), db, nil, own), ctxvar.ErrMayBeLost)
		assert.NoError(t, ctxsql.InTx(t.Context(), db, nil, own, ctxsql.Autonomous()))
	})
	assert.Equal(t, []string{"BEGIN", "OWN", "COMMIT"}, s.took())
}

// A worker that was started in a transaction goes on with what the job's ctx says. It
// neither stays in a transaction that has ended, nor is refused for ever, nor uses a
// transaction of another request that is still open.
func TestWorkerOfAnotherWork(t *testing.T) {
	db, s := openScript(t)
	jobs, done := make(chan func()), make(chan bool)
	defer close(jobs)
	do := func(job func()) {
		jobs <- func() { job(); done <- true }
		<-done
	}
	ctxvar.Work(func() {
		require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
			go func() {
				for job := range jobs {
					job()
				}
			}()
			do(func() {
				_, err := ctxsql.Conn(db).ExecContext(context.Background(), "WRONG")
				assert.ErrorIs(t, err, ctxsql.ErrOtherGoroutine, "inherited, and nothing says otherwise")
			})
			inGoroutine(func() {
				ctxvar.Detach(func() {
					ctxvar.Work(func() {
						bravo := ctxvar.NewContext(t.Context())
						do(func() { exec(t, bravo, db, "BRAVO") })
					})
				})
			})
			return nil
		}))
	})
	ctxvar.Work(func() {
		charlie := ctxvar.NewContext(t.Context())
		do(func() { exec(t, charlie, db, "CHARLIE") })
		do(func() {
			_, err := ctxsql.Conn(db).ExecContext(context.Background(), "WRONG")
			assert.ErrorIs(t, err, ctxsql.ErrTxEnded)
		})
	})
	assert.Equal(t, []string{"BEGIN", "pool: BRAVO", "COMMIT", "pool: CHARLIE"}, s.took())
}
