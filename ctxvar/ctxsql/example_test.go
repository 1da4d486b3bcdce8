package ctxsql_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

// Accounts is a repository. Its methods know nothing of transactions.
type Accounts struct{ db ctxsql.Querier }

func (a Accounts) Add(ctx context.Context, account string, amount int) error {
	_, err := a.db.ExecContext(ctx, fmt.Sprintf("UPDATE accounts: %s %+d", account, amount))
	return err
}

func ExampleInTx() {
	db := openEcho() // a database that prints each statement
	defer db.Close()
	accounts := Accounts{ctxsql.Conn(db)}

	err := ctxsql.InTx(context.Background(), db, nil, func(ctx context.Context) error {
		if err := accounts.Add(ctx, "alice", -10); err != nil {
			return err
		}
		return accounts.Add(ctx, "bob", 10)
	})
	fmt.Println(err)

	_ = accounts.Add(context.Background(), "carol", 5)
	// Output:
	// BEGIN
	// UPDATE accounts: alice -10
	// UPDATE accounts: bob +10
	// COMMIT
	// <nil>
	// pool: UPDATE accounts: carol +5
}

func ExampleSavepoint() {
	db := openEcho()
	defer db.Close()
	accounts := Accounts{ctxsql.Conn(db)}

	err := ctxsql.InTx(context.Background(), db, nil, func(ctx context.Context) error {
		bonus := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
			if err := accounts.Add(ctx, "alice", 1); err != nil {
				return err
			}
			return errors.New("no bonus today")
		}, ctxsql.Savepoint())
		fmt.Println("bonus:", bonus)
		return accounts.Add(ctx, "alice", 10)
	})
	fmt.Println(err)
	// Output:
	// BEGIN
	// SAVEPOINT ctxsql_1
	// UPDATE accounts: alice +1
	// ROLLBACK TO SAVEPOINT ctxsql_1
	// RELEASE SAVEPOINT ctxsql_1
	// bonus: no bonus today
	// UPDATE accounts: alice +10
	// COMMIT
	// <nil>
}

func ExampleShare() {
	db := openEcho()
	defer db.Close()
	accounts := Accounts{ctxsql.Conn(db)}

	err := ctxsql.InTx(context.Background(), db, nil, func(ctx context.Context) error {
		var wg sync.WaitGroup
		wg.Go(func() {
			err := accounts.Add(ctx, "alice", 10) // by accident
			fmt.Println(errors.Is(err, ctxsql.ErrOtherGoroutine))

			err = ctxsql.Share(ctx, db, func(ctx context.Context) error { // on purpose
				return accounts.Add(ctx, "alice", 10)
			})
			fmt.Println(err)
		})
		wg.Wait()
		return nil
	})
	fmt.Println(err)
	// Output:
	// BEGIN
	// true
	// UPDATE accounts: alice +10
	// <nil>
	// COMMIT
	// <nil>
}

func ExampleOnCommit() {
	db := openEcho()
	defer db.Close()
	accounts := Accounts{ctxsql.Conn(db)}

	pay := func(ctx context.Context, account string, amount int) error {
		if err := accounts.Add(ctx, account, amount); err != nil {
			return err
		}
		return ctxsql.OnCommit(ctx, db, func(context.Context) { fmt.Println("mail to", account) })
	}
	err := ctxsql.InTx(context.Background(), db, nil, func(ctx context.Context) error {
		if err := pay(ctx, "alice", 10); err != nil {
			return err
		}
		return pay(ctx, "bob", 20)
	})
	fmt.Println(err)
	// Output:
	// BEGIN
	// UPDATE accounts: alice +10
	// UPDATE accounts: bob +20
	// COMMIT
	// mail to alice
	// mail to bob
	// <nil>
}

// In PostgreSQL, an error that another attempt may avoid has the SQLSTATE 40001 or
// 40P01, which both pgx and lib/pq return by this method.
func retryable(err error) bool {
	var e interface{ SQLState() string }
	return errors.As(err, &e) && (e.SQLState() == "40001" || e.SQLState() == "40P01")
}

func ExampleRetry() {
	db := openEcho()
	defer db.Close()
	accounts := Accounts{ctxsql.Conn(db)}

	err := ctxsql.InTx(context.Background(), db, nil, func(ctx context.Context) error {
		return accounts.Add(ctx, "alice", 10)
	}, ctxsql.Retry(5, retryable))
	fmt.Println(err)
	// Output:
	// BEGIN
	// UPDATE accounts: alice +10
	// COMMIT
	// <nil>
}
