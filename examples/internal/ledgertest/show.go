package ledgertest

import (
	"context"
	"database/sql"
	"fmt"
	"io"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/examples/internal/ledger"
)

// Show makes a ledger in db, which is empty. It shows on w how transfers join the
// current transaction, and what remains of one that fails.
func Show(ctx context.Context, db *sql.DB, w io.Writer) error {
	l := ledger.New(db)
	if err := l.Create(ctx); err != nil {
		return err
	}
	// One transaction: no method below has a parameter for it.
	err := ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
		if err := l.Open(ctx, "alice", 100); err != nil {
			return err
		}
		if err := l.Open(ctx, "bob", 100); err != nil {
			return err
		}
		return l.Transfer(ctx, ledger.Transfer{Source: "alice", Target: "bob", Amount: 30})
	})
	if err != nil {
		return err
	}
	if err := balances(ctx, l, w, "alice pays bob 30"); err != nil {
		return err
	}
	// Each transfer of a batch is a savepoint. One that fails rolls back only itself.
	refused, err := l.Batch(ctx, []ledger.Transfer{
		{Source: "alice", Target: "bob", Amount: 1000},
		{Source: "bob", Target: "alice", Amount: 5},
	})
	if err != nil {
		return err
	}
	return balances(ctx, l, w, fmt.Sprintf("a batch of two, %d refused", len(refused)))
}

func balances(ctx context.Context, l *ledger.Ledger, w io.Writer, after string) error {
	alice, err := l.Balance(ctx, "alice")
	if err != nil {
		return err
	}
	bob, err := l.Balance(ctx, "bob")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s: alice has %d, bob has %d\n", after, alice, bob)
	return err
}
