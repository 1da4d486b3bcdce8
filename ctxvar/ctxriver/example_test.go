package ctxriver_test

import (
	"context"
	"log"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxpgx"
	"github.com/heirloom-go/heirloom/ctxvar/ctxriver"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var user = ctxvar.New("user", ctxvar.Default("nobody"))

type welcome struct{}

func (welcome) Kind() string { return "welcome" }

// A user is stored and the job that welcomes the user is inserted, or neither happens. The
// job knows who has asked for it, on each attempt and in any process. The example needs a
// database to run.
func Example() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, "postgres://localhost/app")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[welcome]) error {
		log.Print("welcome, from ", user.Get())
		return nil
	}))
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Queues:     map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}},
		Workers:    workers,
		Middleware: []rivertype.Middleware{ctxriver.Middleware(ctxwire.String(user, "X-User"))},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer client.Stop(ctx)

	db := ctxpgx.Conn(pool)
	jobs := ctxriver.NewInserter(client, func(ctx context.Context) (pgx.Tx, error) { return ctxpgx.Tx(ctx, pool) })
	defer user.Set("ada").Reset()
	err = ctxpgx.InTx(ctx, pool, nil, func(ctx context.Context) error {
		if _, err := db.Exec(ctx, "INSERT INTO users (name) VALUES ('grace')"); err != nil {
			return err
		}
		_, err := jobs.Insert(ctx, welcome{}, nil)
		return err
	})
	if err != nil {
		log.Print(err)
	}
}
