package ctxpgx_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/heirloom-go/heirloom/ctxvar/ctxpgx"
)

// Accounts is a repository, which knows nothing of transactions.
type Accounts struct{ db ctxpgx.Querier }

func (a Accounts) Add(ctx context.Context, id string, amount int) error {
	_, err := a.db.Exec(ctx, "UPDATE accounts SET balance = balance + $2 WHERE id = $1", id, amount)
	return err
}

// Both statements of a repository are committed, or neither is. The example needs a
// database to run.
func Example() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, "postgres://localhost/bank")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	accounts := Accounts{ctxpgx.Conn(pool)}

	err = ctxpgx.InTx(ctx, pool, nil, func(ctx context.Context) error {
		if err := accounts.Add(ctx, "alice", -10); err != nil {
			return err
		}
		return accounts.Add(ctx, "bob", 10)
	}, ctxpgx.Retry(5, ctxpgx.Retryable))
	if err != nil {
		log.Print(err)
	}
}

// A function requires to be called in a transaction.
func ExampleTx() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, "postgres://localhost/bank") // connects only when it is used
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	_, err = ctxpgx.Tx(ctx, pool)
	fmt.Println(errors.Is(err, ctxpgx.ErrNoTx))
	fmt.Println(err)
	// Output:
	// true
	// ctxpgx: Tx: there is no transaction of this database here: call it within InTx
}
