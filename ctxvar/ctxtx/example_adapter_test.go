package ctxtx_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/heirloom-go/heirloom/ctxvar/ctxtx"
)

// A Store stands for a database with a driver: it has keys with values, and transactions.
type Store struct{ values map[string]string }

// A StoreTx is a transaction of a Store, which knows savepoints too.
type StoreTx struct {
	store  *Store
	values map[string]string            // nil once it is over
	marks  map[string]map[string]string // savepoints
}

var ErrStoreTxOver = errors.New("store: the transaction is over")

func (s *Store) Begin() *StoreTx {
	return &StoreTx{store: s, values: maps.Clone(s.values), marks: make(map[string]map[string]string)}
}

// adapter is the only thing that the package of an adapter has to keep.
var adapter = ctxtx.New("ctxstore", ErrStoreTxOver)

// Exec, Commit, Rollback and Over make a StoreTx a ctxtx.Tx.
func (tx *StoreTx) Exec(_ context.Context, statement string) error {
	switch words := strings.Fields(statement); words[0] {
	case "SAVEPOINT":
		tx.marks[words[1]] = maps.Clone(tx.values)
	case "ROLLBACK": // TO SAVEPOINT
		tx.values = maps.Clone(tx.marks[words[3]])
	case "RELEASE": // SAVEPOINT
		delete(tx.marks, words[2])
	}
	return nil
}

func (tx *StoreTx) Commit(context.Context) error {
	tx.store.values, tx.values = tx.values, nil
	return nil
}

func (tx *StoreTx) Rollback(context.Context) error {
	tx.values = nil
	return nil
}

func (tx *StoreTx) Over(err error) bool { return errors.Is(err, ErrStoreTxOver) }

// InTx and Put are what the package offers its users.
func InTx(ctx context.Context, s *Store, fn func(context.Context) error, options ...ctxtx.Option) error {
	begin := func(context.Context) (ctxtx.Tx, error) { return s.Begin(), nil }
	return adapter.InTx(ctx, s, "", begin, fn, options...)
}

func Put(ctx context.Context, s *Store, key, value string) error {
	tx, err := adapter.Use(ctx, s, "Put")
	switch {
	case err != nil:
		return err
	case tx == nil:
		s.values[key] = value
	default:
		tx.(*StoreTx).values[key] = value
	}
	return nil
}

// An adapter for a database of one's own, and what its users get: code that takes part
// in the transaction in which it is called.
func Example_adapter() {
	ctx := context.Background()
	store := &Store{values: make(map[string]string)}
	order := func() error { return Put(ctx, store, "order", "1") }

	err := InTx(ctx, store, func(ctx context.Context) error {
		if err := order(); err != nil {
			return err
		}
		// There is an order, with or without a gift.
		gift := InTx(ctx, store, func(ctx context.Context) error {
			return errors.Join(Put(ctx, store, "gift", "pen"), errors.New("no more pens"))
		}, ctxtx.Savepoint())
		fmt.Println("gift:", gift)

		unasked := make(chan error)
		go func() { unasked <- Put(ctx, store, "log", "…") }()
		fmt.Println(errors.Is(<-unasked, ctxtx.ErrOtherGoroutine))
		return nil
	})
	fmt.Println(store.values, err)
	// Output:
	// gift: no more pens
	// true
	// map[order:1] <nil>
}
