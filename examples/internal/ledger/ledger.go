// Package ledger keeps accounts in an SQL database, with the current transaction as a
// variable (see ctxvar/ctxsql): no method takes a transaction, and each may be called
// inside or outside of one. The examples sqlite and postgres run it.
package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

// A Ledger is a set of accounts. None of them may be overdrawn.
type Ledger struct {
	db   *sql.DB
	conn ctxsql.Querier // uses the current transaction of the caller
}

// New returns the ledger in db. Create must have made its tables.
func New(db *sql.DB) *Ledger { return &Ledger{db, ctxsql.Conn(db)} }

// Create makes the tables.
func (l *Ledger) Create(ctx context.Context) error {
	return ctxsql.InTx(ctx, l.db, nil, func(ctx context.Context) error {
		for _, statement := range []string{
			`CREATE TABLE accounts (id TEXT PRIMARY KEY, balance BIGINT NOT NULL CHECK (balance >= 0))`,
			`CREATE TABLE transfers (source TEXT NOT NULL, target TEXT NOT NULL, amount BIGINT NOT NULL)`,
		} {
			if _, err := l.conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("ledger: creating tables: %w", err)
			}
		}
		return nil
	})
}

// Open opens an account with a balance.
func (l *Ledger) Open(ctx context.Context, account string, balance int) error {
	_, err := l.conn.ExecContext(ctx, `INSERT INTO accounts (id, balance) VALUES ($1, $2)`, account, balance)
	if err != nil {
		return fmt.Errorf("ledger: opening %s: %w", account, err)
	}
	return nil
}

// Balance returns the balance of an account.
func (l *Ledger) Balance(ctx context.Context, account string) (int, error) {
	var balance int
	err := l.conn.QueryRowContext(ctx, `SELECT balance FROM accounts WHERE id = $1`, account).Scan(&balance)
	if err != nil {
		return 0, fmt.Errorf("ledger: balance of %s: %w", account, err)
	}
	return balance, nil
}

// Totals returns the sum of all balances, and the number of transfers.
func (l *Ledger) Totals(ctx context.Context) (balance, transfers int, err error) {
	err = l.conn.QueryRowContext(ctx,
		`SELECT (SELECT COALESCE(SUM(balance), 0) FROM accounts), (SELECT COUNT(*) FROM transfers)`,
	).Scan(&balance, &transfers)
	if err != nil {
		return 0, 0, fmt.Errorf("ledger: totals: %w", err)
	}
	return balance, transfers, nil
}

// ErrNoAccount is returned for an account that was never opened.
var ErrNoAccount = errors.New("ledger: no such account")

// A change is an amount that is added to an account.
type change struct {
	account string
	amount  int
}

func (l *Ledger) add(ctx context.Context, c change) error {
	result, err := l.conn.ExecContext(ctx, `UPDATE accounts SET balance = balance + $1 WHERE id = $2`, c.amount, c.account)
	if err != nil {
		return fmt.Errorf("ledger: adding %d to %s: %w", c.amount, c.account, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("ledger: adding %d to %s: %w", c.amount, c.account, err)
	}
	if n == 0 {
		return fmt.Errorf("%w: %s", ErrNoAccount, c.account)
	}
	return nil
}

// A Transfer is an amount that goes from one account to another.
type Transfer struct {
	Source, Target string
	Amount         int
}

// Transfer makes a transfer, all of it or nothing.
func (l *Ledger) Transfer(ctx context.Context, t Transfer) error {
	return ctxsql.InTx(ctx, l.db, nil, func(ctx context.Context) error {
		changes := []change{{t.Source, -t.Amount}, {t.Target, t.Amount}}
		// All transfers lock accounts in the same order, so that no two wait for each
		// other.
		slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.account, b.account) })
		for _, c := range changes {
			if err := l.add(ctx, c); err != nil {
				return err
			}
		}
		_, err := l.conn.ExecContext(ctx,
			`INSERT INTO transfers (source, target, amount) VALUES ($1, $2, $3)`, t.Source, t.Target, t.Amount)
		if err != nil {
			return fmt.Errorf("ledger: noting a transfer: %w", err)
		}
		return nil
	})
}

// Batch makes as many of the transfers as possible, in one transaction, and returns the
// errors of the others.
func (l *Ledger) Batch(ctx context.Context, transfers []Transfer) (refused []error, err error) {
	err = ctxsql.InTx(ctx, l.db, nil, func(ctx context.Context) error {
		refused = nil
		for _, t := range transfers {
			err := ctxsql.InTx(ctx, l.db, nil, func(ctx context.Context) error {
				return l.Transfer(ctx, t)
			}, ctxsql.Savepoint())
			if err != nil {
				refused = append(refused, err)
			}
		}
		return nil
	})
	return refused, err
}
