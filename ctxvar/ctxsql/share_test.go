package ctxsql_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

func TestShare(t *testing.T) {
	db, s := openScript(t)
	const sharers = 20
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		var wg sync.WaitGroup
		for range sharers {
			wg.Go(func() {
				assert.NoError(t, ctxsql.Share(ctx, db, func(ctx context.Context) error {
					_, ok := ctxvar.FromContext(ctx)
					assert.True(t, ok)
					for _, use := range uses {
						assert.NoError(t, use(ctx, db))
					}
					return nil
				}))
			})
		}
		wg.Wait()
		return nil
	}))
	took := s.took()
	execs := 0
	for _, statement := range took {
		if statement == "EXEC" {
			execs++
		}
	}
	assert.Equal(t, sharers, execs)
	assert.Equal(t, "BEGIN", took[0])
	assert.Equal(t, "COMMIT", took[len(took)-1])
	assert.NotContains(t, took, "pool: EXEC")
}

func TestShareEndsWithItsFunction(t *testing.T) {
	db, _ := openScript(t)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		inGoroutine(func() {
			var shared *ctxvar.Context
			assert.NoError(t, ctxsql.Share(ctx, db, func(ctx context.Context) error {
				shared = ctxvar.Copy()
				inGoroutine(func() {
					_, err := ctxsql.Tx(ctx, db)
					assert.ErrorIs(t, err, ctxsql.ErrOtherGoroutine, "started by one that shares is not sharing")
					assert.NoError(t, ctxsql.Share(ctx, db, func(ctx context.Context) error {
						_, err := ctxsql.Tx(ctx, db)
						return err
					}))
				})
				return nil
			}))
			_, err := ctxsql.Tx(ctx, db)
			assert.ErrorIs(t, err, ctxsql.ErrOtherGoroutine, "afterwards")
			shared.Run(func() {
				_, err := ctxsql.Tx(ctx, db)
				assert.ErrorIs(t, err, ctxsql.ErrOtherGoroutine, "afterwards, with a copy of the variables within")
			})
		})
		return nil
	}))
}

func TestShareByTheOwner(t *testing.T) {
	db, s := openScript(t)
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		return ctxsql.Share(ctx, db, func(ctx context.Context) error {
			exec(t, ctx, db, "INSERT")
			return nil
		})
	}))
	assert.Equal(t, []string{"BEGIN", "INSERT", "COMMIT"}, s.took())
}

func TestShareWithoutTransaction(t *testing.T) {
	db, _ := openScript(t)
	other, _ := openScript(t)
	unreachable := func(context.Context) error {
		t.Error("called")
		return nil
	}
	requireTxError(t, "Share", ctxsql.ErrNoTx, ctxsql.Share(t.Context(), db, unreachable))
	require.NoError(t, ctxsql.InTx(t.Context(), other, nil, func(ctx context.Context) error {
		requireTxError(t, "Share", ctxsql.ErrNoTx, ctxsql.Share(ctx, db, unreachable))
		return nil
	}))

	var ended *ctxvar.Context
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(context.Context) error {
		ended = ctxvar.Copy()
		return nil
	}))
	ended.Run(func() {
		requireTxError(t, "Share", ctxsql.ErrTxEnded, ctxsql.Share(t.Context(), db, unreachable))
	})
}

func TestFailedShareForbidsCommit(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		fn     func() error
	}{
		{"error", "its part of the work is not done", func() error { return errBoom }},
		{"panic", "likewise", func() error { panic(errBoom) }},
		{"Goexit", "likewise", func() error { runtime.Goexit(); return nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NotEmpty(t, test.reason)
			db, s := openScript(t)
			err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
				inGoroutine(func() {
					defer func() { _ = recover() }()
					_ = ctxsql.Share(ctx, db, func(context.Context) error { return test.fn() })
				})
				return nil
			})
			requireTxError(t, "InTx", ctxsql.ErrRollbackOnly, err)
			assert.Equal(t, []string{"BEGIN", "ROLLBACK"}, s.took())
		})
	}
}

func TestReturningBeforeSharersIsRefused(t *testing.T) {
	db, s := openScript(t)
	var (
		inside = make(chan struct{})
		leave  = make(chan struct{})
		sharer sync.WaitGroup
	)
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		sharer.Go(func() {
			assert.NoError(t, ctxsql.Share(ctx, db, func(ctx context.Context) error {
				close(inside)
				<-leave
				_, err := ctxsql.Tx(ctx, db)
				assert.ErrorIs(t, err, ctxsql.ErrTxEnded)
				return nil
			}))
		})
		<-inside
		return nil // without waiting
	})
	requireTxError(t, "InTx", ctxsql.ErrShared, err)
	assert.Equal(t, []string{"BEGIN", "ROLLBACK"}, s.took())
	close(leave)
	sharer.Wait()
}

func TestReturningFromSavepointBeforeSharersIsRefused(t *testing.T) {
	db, s := openScript(t)
	var (
		inside = make(chan struct{})
		leave  = make(chan struct{})
		sharer sync.WaitGroup
	)
	err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			sharer.Go(func() {
				_ = ctxsql.Share(ctx, db, func(context.Context) error {
					close(inside)
					<-leave
					return nil
				})
			})
			<-inside
			return nil
		}, ctxsql.Savepoint())
		requireTxError(t, "InTx", ctxsql.ErrShared, err)
		return nil
	})
	requireTxError(t, "InTx", ctxsql.ErrRollbackOnly, err)
	assert.NotContains(t, s.took(), "COMMIT")
	close(leave)
	sharer.Wait()
}

func TestSavepointNeedsTheTransactionForItself(t *testing.T) {
	db, s := openScript(t)
	var (
		inside = make(chan struct{})
		leave  = make(chan struct{})
		sharer sync.WaitGroup
	)
	unreachable := func(context.Context) error {
		t.Error("called")
		return nil
	}
	require.NoError(t, ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
		sharer.Go(func() {
			assert.NoError(t, ctxsql.Share(ctx, db, func(ctx context.Context) error {
				err := ctxsql.InTx(ctx, db, nil, unreachable, ctxsql.Savepoint())
				assert.ErrorIs(t, err, ctxsql.ErrShared)
				close(inside)
				<-leave
				return nil
			}))
		})
		<-inside
		err := ctxsql.InTx(ctx, db, nil, unreachable, ctxsql.Savepoint())
		requireTxError(t, "InTx", ctxsql.ErrShared, err)
		close(leave)
		sharer.Wait()

		outer := ctxvar.Copy()
		return ctxsql.InTx(ctx, db, nil, func(context.Context) error {
			inGoroutine(func() {
				outer.Run(func() {
					err := ctxsql.Share(ctx, db, unreachable)
					assert.ErrorIs(t, err, ctxsql.ErrShared, "from outside of an open savepoint")
				})
				assert.NoError(t, ctxsql.Share(ctx, db, func(ctx context.Context) error {
					exec(t, ctx, db, "INSIDE")
					return nil
				}), "from inside of it")
			})
			return nil
		}, ctxsql.Savepoint())
	}))
	assert.Equal(t, []string{
		"BEGIN", "SAVEPOINT ctxsql_1", "INSIDE", "RELEASE SAVEPOINT ctxsql_1", "COMMIT",
	}, s.took())
}
