package ctxriver_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// schemas and queues count those made so far, so that each gets a name of its own.
var schemas, queues atomic.Int32

// open returns a pool of connections to a new schema with River's tables, in the database
// at the address in HEIRLOOM_POSTGRES_DSN.
func open(t testing.TB) *pgxpool.Pool {
	t.Helper()
	dsn := os.Getenv("HEIRLOOM_POSTGRES_DSN")
	if dsn == "" {
		t.Skip("HEIRLOOM_POSTGRES_DSN is not set, so there is no PostgreSQL to test against")
	}
	config, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	schema := fmt.Sprintf("ctxriver_%d_%d", os.Getpid(), schemas.Add(1))
	config.ConnConfig.RuntimeParams["search_path"] = schema
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := pool.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE")
		assert.NoError(t, err)
		pool.Close()
	})
	_, err = pool.Exec(t.Context(), "CREATE SCHEMA "+schema)
	require.NoError(t, err)
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	_, err = migrator.Migrate(t.Context(), rivermigrate.DirectionUp, nil)
	require.NoError(t, err)
	return pool
}

// sqlDB returns the same database through database/sql.
func sqlDB(t testing.TB, pool *pgxpool.Pool) *sql.DB {
	db := stdlib.OpenDBFromPool(pool)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// A job is a job of the tests, in the queue of one test.
type job struct{}

func (job) Kind() string { return "job" }

// worker returns the workers of a client that calls work for each job.
func worker(work func(ctx context.Context) error) *river.Workers {
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, _ *river.Job[job]) error { return work(ctx) }))
	return workers
}

// start starts a client that works the jobs of a queue, and into which jobs are inserted.
// It is stopped at the end of the test.
func start[TTx any](t testing.TB, ctx context.Context, driver riverdriver.Driver[TTx], work func(ctx context.Context) error, m ...rivertype.Middleware) (client *river.Client[TTx], queue *river.InsertOpts) {
	t.Helper()
	name := fmt.Sprint("queue", queues.Add(1))
	client, err := river.NewClient(driver, &river.Config{
		Queues:            map[string]river.QueueConfig{name: {MaxWorkers: 2}},
		Workers:           worker(work),
		Middleware:        m,
		Logger:            slog.New(slog.DiscardHandler),
		FetchCooldown:     time.Millisecond,
		FetchPollInterval: 5 * time.Millisecond,
		PollOnly:          true,
		TestOnly:          true,
	})
	require.NoError(t, err)
	// A handler's ctx ends with its job, but the client must not end with it.
	require.NoError(t, client.Start(context.WithoutCancel(ctx)))
	t.Cleanup(func() { assert.NoError(t, client.Stop(context.Background())) })
	return client, &river.InsertOpts{Queue: name}
}
