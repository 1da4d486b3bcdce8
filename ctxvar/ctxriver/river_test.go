package ctxriver_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxpgx"
	"github.com/heirloom-go/heirloom/ctxvar/ctxriver"
	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/internal/wiretest"
)

var errBoom = errors.New("boom")

func TestRiver(t *testing.T) {
	pool := open(t)
	stranger, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Workers: worker(nil)})
	require.NoError(t, err)
	wiretest.Run(t, func(t *testing.T, ctx context.Context, fields []ctxwire.Field, handle wiretest.Handle) wiretest.Sender {
		client, queue := start(t, ctx, riverpgxv5.New(pool),
			func(ctx context.Context) error { handle(ctx); return nil }, ctxriver.Middleware(fields...))
		return wiretest.Sender{
			Send: func(ctx context.Context) error {
				_, err := client.Insert(ctx, job{}, queue)
				return err
			},
			Raw: func(t *testing.T, texts map[string][]string) {
				ours := map[string]any{}
				for key, values := range texts {
					if ours[key] = values; len(values) == 1 {
						ours[key] = values[0]
					}
				}
				metadata, err := json.Marshal(map[string]any{"ctxvar": ours})
				require.NoError(t, err)
				_, err = stranger.Insert(t.Context(), job{}, &river.InsertOpts{Queue: queue.Queue, Metadata: metadata})
				require.NoError(t, err)
			},
		}
	})
}

// Each attempt has the variables, and what a failed attempt has set is gone.
func TestAttempts(t *testing.T) {
	pool := open(t)
	said := make(chan string, 3)
	left := 3
	client, queue := start(t, t.Context(), riverpgxv5.New(pool), func(context.Context) error {
		said <- wiretest.Whoami()
		wiretest.Locale.Set("left over")
		switch left--; left {
		case 2:
			return river.JobSnooze(0)
		case 1:
			panic("boom")
		}
		return nil
	}, ctxriver.Middleware(wiretest.Fields()...))
	wiretest.RequestID.Set("r1")
	wiretest.Tenant.Set("acme")
	inserted, err := client.Insert(t.Context(), job{}, queue)
	require.NoError(t, err)
	for range 2 {
		assert.Equal(t, "r1 acme  nobody", <-said)
	}
	// The panic is or will be the job's error. The job is tried again in a second.
	assert.Eventually(t, func() bool {
		row, err := client.JobGet(t.Context(), inserted.Job.ID)
		return err == nil && len(row.Errors) == 1 && row.Errors[0].Error == "boom"
	}, minute, tick)
	_, err = client.JobRetry(t.Context(), inserted.Job.ID)
	require.NoError(t, err)
	assert.Equal(t, "r1 acme  nobody", <-said)
}

// Jobs exist once the transaction is committed, and not at all if it is not.
func TestInserter(t *testing.T) {
	pool := open(t)
	db := sqlDB(t, pool)
	middleware := ctxriver.Middleware(wiretest.Fields()...)
	said := make(chan string, 8)
	work := func(context.Context) error { said <- wiretest.Whoami(); return nil }

	pgxClient, pgxQueue := start(t, t.Context(), riverpgxv5.New(pool), work, middleware)
	sqlClient, sqlQueue := start(t, t.Context(), riverdatabasesql.New(db), work, middleware)
	ofPgx := ctxriver.NewInserter(pgxClient, func(ctx context.Context) (pgx.Tx, error) { return ctxpgx.Tx(ctx, pool) })
	ofSQL := ctxriver.NewInserter(sqlClient, func(ctx context.Context) (*sql.Tx, error) { return ctxsql.Tx(ctx, db) })
	for name, tt := range map[string]struct {
		inTx   func(ctx context.Context, fn func(context.Context) error) error
		insert func(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
		many   func(ctx context.Context, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error)
		queue  *river.InsertOpts
	}{
		"ctxpgx": {
			func(ctx context.Context, fn func(context.Context) error) error {
				return ctxpgx.InTx(ctx, pool, nil, fn)
			}, ofPgx.Insert, ofPgx.InsertMany, pgxQueue,
		},
		"ctxsql": {
			func(ctx context.Context, fn func(context.Context) error) error {
				return ctxsql.InTx(ctx, db, nil, fn)
			}, ofSQL.Insert, ofSQL.InsertMany, sqlQueue,
		},
	} {
		t.Run(name, func(t *testing.T) {
			jobs := func() (n int) {
				require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM river_job WHERE queue = $1", tt.queue.Queue).Scan(&n))
				return n
			}
			_, err := tt.insert(t.Context(), job{}, tt.queue)
			require.ErrorIs(t, err, ctxpgx.ErrNoTx, "which is ctxsql's as well")
			_, err = tt.many(t.Context(), []river.InsertManyParams{{Args: job{}, InsertOpts: tt.queue}})
			require.ErrorIs(t, err, ctxsql.ErrNoTx)
			for _, end := range []error{errBoom, nil} {
				err := tt.inTx(t.Context(), func(ctx context.Context) error {
					defer wiretest.Tenant.Set("acme").Reset()
					defer wiretest.RequestID.Set("r1").Reset()
					_, err := tt.insert(ctx, job{}, tt.queue)
					assert.NoError(t, err)
					_, err = tt.many(ctx, []river.InsertManyParams{{Args: job{}, InsertOpts: tt.queue}, {Args: job{}, InsertOpts: tt.queue}})
					assert.NoError(t, err)
					other := make(chan error)
					go func() {
						_, err := tt.insert(ctx, job{}, tt.queue)
						other <- err
					}()
					assert.ErrorIs(t, <-other, ctxpgx.ErrOtherGoroutine)
					assert.Zero(t, jobs(), "not yet")
					return end
				})
				require.Equal(t, end, err)
				if end != nil {
					assert.Zero(t, jobs())
				}
			}
			assert.Equal(t, 3, jobs())
			for range 3 {
				assert.Equal(t, "r1 acme  nobody", <-said)
			}
		})
	}
	assert.Panics(t, func() { ctxriver.NewInserter[pgx.Tx](pgxClient, nil) })
}
