package ctxsql_test

import (
	"context"
	"database/sql"
	"iter"
	"maps"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

// uses are all the ways to use the current transaction, by operation.
var uses = map[string]func(ctx context.Context, db *sql.DB) error{
	"ExecContext": func(ctx context.Context, db *sql.DB) error {
		_, err := ctxsql.Conn(db).ExecContext(ctx, "EXEC")
		return err
	},
	"QueryContext": func(ctx context.Context, db *sql.DB) error {
		rows, err := ctxsql.Conn(db).QueryContext(ctx, "QUERY")
		if err == nil {
			err = rows.Close()
		}
		return err
	},
	"QueryRowContext": func(ctx context.Context, db *sql.DB) error {
		var n int
		return ctxsql.Conn(db).QueryRowContext(ctx, "QUERY ROW").Scan(&n)
	},
	"PrepareContext": func(ctx context.Context, db *sql.DB) error {
		stmt, err := ctxsql.Conn(db).PrepareContext(ctx, "STMT")
		if err == nil {
			err = stmt.Close()
		}
		return err
	},
	"Stmt": func(ctx context.Context, db *sql.DB) error {
		stmt, err := db.PrepareContext(context.Background(), "STMT")
		if err != nil {
			return err
		}
		defer stmt.Close()
		_, err = ctxsql.Stmt(ctx, db, stmt)
		return err
	},
	"Tx": func(ctx context.Context, db *sql.DB) error {
		_, err := ctxsql.Tx(ctx, db)
		return err
	},
	"OnCommit": func(ctx context.Context, db *sql.DB) error {
		return ctxsql.OnCommit(ctx, db, func(context.Context) {})
	},
	"InTx": func(ctx context.Context, db *sql.DB) error {
		return ctxsql.InTx(ctx, db, nil, func(context.Context) error { return nil })
	},
}

func TestOtherGoroutineGetsAnError(t *testing.T) {
	for op, use := range uses {
		t.Run(op, func(t *testing.T) {
			db, s := openScript(t)
			require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				assert.NoError(t, use(ctx, db), "the goroutine that began it may")
				s.took()
				var inherited, carried error
				inGoroutine(func() { inherited = use(context.Background(), db) })
				ctxvar.Detach(func() { inGoroutine(func() { carried = use(ctx, db) }) })
				requireTxError(t, op, ctxsql.ErrOtherGoroutine, inherited)
				requireTxError(t, op, ctxsql.ErrOtherGoroutine, carried)
				assert.Contains(t, inherited.Error(), "begun at goroutine_test.go:")
				assert.Contains(t, inherited.Error(), "ctxsql.Share")
				for _, statement := range s.took() {
					assert.Equal(t, "pool: PREPARE STMT", statement, "nothing but what the test itself does")
				}
				return nil
			}))
		})
	}
}

func TestEndedTransactionIsAnError(t *testing.T) {
	for op, use := range uses {
		t.Run(op, func(t *testing.T) {
			db, _ := openScript(t)
			var (
				carried *ctxvar.Context
				ctx     context.Context
				commit  = make(chan struct{})
				late    = make(chan error)
			)
			require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(txCtx context.Context) error {
				carried, ctx = ctxvar.Copy(), txCtx
				go func() {
					<-commit
					late <- use(context.Background(), db)
				}()
				return nil
			}))
			close(commit)
			check := func(err error) {
				requireTxError(t, op, ctxsql.ErrTxEnded, err)
				assert.ErrorIs(t, err, sql.ErrTxDone, "what database/sql says of it")
			}
			check(<-late)
			carried.Run(func() { check(use(context.Background(), db)) })
			check(use(ctx, db))
			if op != "Tx" {
				assert.NoError(t, use(t.Context(), db), "and outside it is of no concern")
			}
		})
	}
}

func TestDetachedGoroutineIsOutside(t *testing.T) {
	db, s := openScript(t)
	outside := t.Context()
	require.NoError(t, ctxsql.InTx(outside, db, nil, func(context.Context) error {
		ctxvar.Detach(func() { inGoroutine(func() { exec(t, outside, db, "DETACHED") }) })
		return nil
	}))
	assert.Equal(t, []string{"BEGIN", "pool: DETACHED", "COMMIT"}, s.took())
}

func TestInheritorsOwnTransaction(t *testing.T) {
	db, s := openScript(t)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		inGoroutine(func() {
			err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
				exec(t, ctx, db, "OWN")
				return nil
			}, ctxsql.Autonomous())
			assert.NoError(t, err)
		})
		return nil
	}))
	assert.Equal(t, []string{"BEGIN", "BEGIN", "OWN", "COMMIT", "COMMIT"}, s.took())
}

func TestSequenceBodyIsAnotherGoroutine(t *testing.T) {
	db, _ := openScript(t)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		next, stop := iter.Pull(func(yield func(error) bool) {
			_, err := ctxsql.Tx(ctx, db)
			yield(err)
		})
		defer stop()
		err, _ := next()
		requireTxError(t, "Tx", ctxsql.ErrOtherGoroutine, err)
		return nil
	}))
}

// A worker that happened to be started inside of a transaction goes on to work for
// other callers: a transaction that has ended gives way to the one in the job's ctx.
func TestEndedTransactionGivesWay(t *testing.T) {
	db, s := openScript(t)
	var (
		jobs   = make(chan context.Context)
		worker sync.WaitGroup
	)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(context.Context) error {
		worker.Go(func() {
			for ctx := range jobs {
				assert.NoError(t, ctxsql.Share(ctx, db, func(ctx context.Context) error {
					exec(t, ctx, db, "JOB")
					return nil
				}))
			}
		})
		return nil
	}))
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		jobs <- ctx
		close(jobs)
		worker.Wait()
		return nil
	}))
	assert.Equal(t, []string{"BEGIN", "COMMIT", "BEGIN", "JOB", "COMMIT"}, s.took())
}

// A goroutine that has the address of one that has ended must not be taken for it. The
// runtime reuses addresses at once when goroutines come and go like this. The test
// checks that no goroutine that inherited a transaction, or was handed it, could use
// it.
func TestReusedGoroutineAddress(t *testing.T) {
	db, s := openScript(t)
	ctx := t.Context()
	for range 200 {
		var carried *ctxvar.Context
		inGoroutine(func() {
			assert.NoError(t, ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
				inGoroutine(func() {
					assert.NoError(t, ctxsql.Share(ctx, db, func(context.Context) error {
						carried = ctxvar.Copy()
						return nil
					}))
				})
				// The goroutine that shared the transaction is gone; the transaction is not.
				for range 4 {
					inGoroutine(func() {
						carried.Run(func() {
							_, err := ctxsql.Tx(context.Background(), db)
							assert.ErrorIs(t, err, ctxsql.ErrOtherGoroutine)
						})
					})
				}
				return nil
			}))
		})
		for range 4 {
			inGoroutine(func() {
				carried.Run(func() {
					_, err := ctxsql.Tx(context.Background(), db)
					assert.ErrorIs(t, err, ctxsql.ErrTxEnded)
				})
			})
		}
	}
	for _, statement := range s.took() {
		assert.Contains(t, []string{"BEGIN", "COMMIT"}, statement)
	}
}

// A goroutine that outlives a transaction keeps little of it alive.
func TestStrayGoroutineKeepsLittleAlive(t *testing.T) {
	type blob [1 << 16]byte
	db, _ := openScript(t)
	var (
		stop  = make(chan struct{})
		stray sync.WaitGroup
		kept  = make(map[string]weak.Pointer[blob])
	)
	track := func(name string) *blob {
		b := new(blob)
		kept[name] = weak.Make(b)
		return b
	}
	leave := func(ctx context.Context, where string) {
		stray.Go(func() { <-stop })
		fn := track("OnCommit's function " + where)
		assert.NoError(t, ctxsql.OnCommit(ctx, db, func(context.Context) { fn[0]++ }))
	}
	inGoroutine(func() { // takes its stack with it
		ctx := context.WithValue(t.Context(), ctxKey{}, track("InTx's ctx"))
		_ = ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			leave(ctx, "in a transaction")
			inner := context.WithValue(ctx, ctxKey{}, track("a savepoint's ctx"))
			_ = ctxsql.InTx(inner, db, nil, func(ctx context.Context) error {
				leave(ctx, "in a savepoint")
				return nil
			}, ctxsql.Savepoint())
			_ = ctxsql.InTx(inner, db, nil, func(ctx context.Context) error {
				leave(ctx, "in a savepoint that fails")
				return errBoom
			}, ctxsql.Savepoint())
			_ = ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
				return &bigError{track("an error")}
			})
			return nil
		})
	})
	// One cycle is enough for unreachable values; the others are for stacks and
	// goroutines that are about to disappear.
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		runtime.GC()
		maps.DeleteFunc(kept, func(_ string, b weak.Pointer[blob]) bool { return b.Value() == nil })
		if len(kept) == 0 {
			break
		}
	}
	assert.Empty(t, slices.Collect(maps.Keys(kept)))
	close(stop)
	stray.Wait()
}

type bigError struct{ b any }

func (*bigError) Error() string { return "big" }
