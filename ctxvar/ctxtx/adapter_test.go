package ctxtx_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxtx"
)

// Package ctxsql tests what InTx, Share and the other functions do with a driver, and
// what happens when that fails. The tests here are about what an adapter sees.

var errBoom = errors.New("boom")

func newStore() *Store { return &Store{values: make(map[string]string)} }

// inGoroutine runs fn in a new goroutine and waits for its end.
func inGoroutine(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// requireError asserts that err is an *Error of the given kind and operation, and returns it.
func requireError(t *testing.T, op string, kind, err error) *ctxtx.Error {
	t.Helper()
	require.ErrorIs(t, err, kind)
	var typed *ctxtx.Error
	require.ErrorAs(t, err, &typed)
	require.Equal(t, op, typed.Op)
	require.Equal(t, "ctxstore", typed.Adapter)
	return typed
}

func TestUseAndNeed(t *testing.T) {
	store, other := newStore(), newStore()
	tx, err := adapter.Use(t.Context(), store, "Get")
	assert.NoError(t, err)
	assert.Nil(t, tx, "there is none")
	_, err = adapter.Need(t.Context(), store, "Lock")
	assert.EqualError(t, requireError(t, "Lock", ctxtx.ErrNoTx, err),
		"ctxstore: Lock: there is no transaction of this database here: call it within InTx")

	require.NoError(t, InTx(t.Context(), store, func(ctx context.Context) error {
		tx, err := adapter.Use(ctx, store, "Get")
		assert.NoError(t, err)
		assert.IsType(t, new(StoreTx), tx, "what begin has returned")
		same, err := adapter.Need(ctx, store, "Lock")
		assert.NoError(t, err)
		assert.Same(t, tx, same)
		tx, err = adapter.Use(ctx, other, "Get")
		assert.NoError(t, err)
		assert.Nil(t, tx, "another database")
		return nil
	}))
}

func TestErrorOfWhatHasEnded(t *testing.T) {
	for name, a := range map[string]*ctxtx.Adapter{
		"the driver has an error for it": adapter,
		"it has none":                    ctxtx.New("ctxplain", nil),
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore()
			var late context.Context
			begin := func(context.Context) (ctxtx.Tx, error) { return store.Begin(), nil }
			require.NoError(t, a.InTx(t.Context(), store, "", begin, func(ctx context.Context) error {
				late = ctx
				return nil
			}))
			_, err := a.Use(late, store, "Put")
			require.ErrorIs(t, err, ctxtx.ErrTxEnded)
			assert.Equal(t, a == adapter, errors.Is(err, ErrStoreTxOver))
		})
	}
}

// A transaction that was taken off the goroutine, or replaced by another one, is not
// committed, because statements may have run outside of it.
func TestLostTransactionIsRolledBack(t *testing.T) {
	store := newStore()
	wipe := func() { ctxtx.Lose(adapter) }
	var another func()
	require.NoError(t, InTx(t.Context(), store, func(context.Context) error {
		another = ctxtx.PutBack(adapter)
		return nil
	}))
	for name, lose := range map[string]func(){"wiped": wipe, "foreign": another} {
		t.Run(name, func(t *testing.T) {
			err := InTx(t.Context(), store, func(ctx context.Context) error {
				defer lose()
				return Put(ctx, store, "balance", "1")
			})
			typed := requireError(t, "InTx", ctxtx.ErrLost, err)
			assert.Contains(t, typed.Begun, "adapter_test.go:")
			assert.NotContains(t, typed.Begun, "example", "the package's InTx is not the place")
			wipe()

			// A savepoint, and also the whole transaction if its error is hidden.
			err = InTx(t.Context(), store, func(ctx context.Context) error {
				assert.NoError(t, Put(ctx, store, "balance", "2"))
				inner := InTx(ctx, store, func(context.Context) error {
					lose()
					return nil
				}, ctxtx.Savepoint())
				assert.ErrorIs(t, inner, ctxtx.ErrLost)
				return nil
			})
			assert.ErrorIs(t, err, ctxtx.ErrLost)
			wipe()

			// A goroutine that shares it.
			err = InTx(t.Context(), store, func(ctx context.Context) error {
				assert.NoError(t, Put(ctx, store, "balance", "3"))
				var shared error
				inGoroutine(func() {
					shared = adapter.Share(ctx, store, func(context.Context) error {
						lose()
						return nil
					})
				})
				requireError(t, "Share", ctxtx.ErrLost, shared)
				return nil
			})
			assert.ErrorIs(t, err, ctxtx.ErrRollbackOnly)
		})
	}
	// The function's own error, and a panic, come first.
	err := InTx(t.Context(), store, func(context.Context) error {
		wipe()
		return errBoom
	})
	assert.Equal(t, errBoom, err)
	assert.PanicsWithValue(t, errBoom, func() {
		_ = InTx(t.Context(), store, func(context.Context) error {
			wipe()
			panic(errBoom)
		})
	})
	assert.Empty(t, store.values)
}

// The place of a transaction is that of its function, wherever InTx is called with it.
func TestBegun(t *testing.T) {
	store := newStore()
	begun := func(fn func(context.Context) error) string {
		return requireError(t, "InTx", ctxtx.ErrLost, InTx(t.Context(), store, fn)).Begun
	}
	_, _, line, _ := runtime.Caller(0)
	assert.Equal(t, fmt.Sprintf("adapter_test.go:%d", line+1), begun(func(context.Context) error {
		ctxtx.Lose(adapter)
		return nil
	}))
	assert.Regexp(t, `^adapter_test\.go:\d+$`, begun(loseAll), "a declared function")
	assert.Equal(t, "ctxtx_test.loser.lose-fm", begun(loser{}.lose), "a method value, which the compiler writes")
}

func loseAll(context.Context) error {
	ctxtx.Lose(adapter)
	return nil
}

type loser struct{}

func (loser) lose(ctx context.Context) error { return loseAll(ctx) }

func TestNilOption(t *testing.T) {
	assert.PanicsWithError(t, "ctxtx.Option: nil Option; leave it out", func() {
		_ = adapter.InTx(t.Context(), newStore(), "", nil, nil, nil)
	})
}
