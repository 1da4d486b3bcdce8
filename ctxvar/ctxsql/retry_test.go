package ctxsql_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxsql"
)

var errSerialize = errors.New("could not serialize access")

func isSerialize(err error) bool { return errors.Is(err, errSerialize) }

// failTimes returns a script's fail, which fails the first n times with err for
// the statement given.
func failTimes(n int, err error, statement string) func(context.Context, string) error {
	return func(_ context.Context, got string) error {
		if got == statement && n > 0 {
			n--
			return err
		}
		return nil
	}
}

func TestRetry(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		fail   string
		times  int
		with   error
		calls  int
		err    error
	}{
		{"statement", "found out early", "INSERT", 2, errSerialize, 3, nil},
		{"commit", "found out late", "COMMIT", 2, errSerialize, 3, nil},
		{"begin", "a database that is busy", "BEGIN", 2, errSerialize, 1, nil},
		{"too often", "the last error is the one returned", "COMMIT", 9, errSerialize, 4, errSerialize},
		{"another error", "the caller's function decides", "COMMIT", 9, errBoom, 1, errBoom},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NotEmpty(t, test.reason)
			synctest.Test(t, func(t *testing.T) {
				db, s := openScript(t)
				s.fail = failTimes(test.times, test.with, test.fail)
				calls := 0
				err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
					calls++
					_, err := ctxsql.Conn(db).ExecContext(ctx, "INSERT")
					return err
				}, ctxsql.Retry(3, isSerialize))
				assert.Equal(t, test.calls, calls)
				if test.err == nil {
					assert.NoError(t, err)
				} else {
					assert.ErrorIs(t, err, test.err)
				}
			})
		})
	}
}

func TestRetryWaitsLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, s := openScript(t)
		s.fail = failOn(errSerialize, "COMMIT")
		const retries = 12
		limit := 2 * time.Millisecond
		last := time.Now()
		calls := 0
		var total time.Duration
		err := ctxsql.InTx(t.Context(), db, nil, func(context.Context) error {
			if calls > 0 {
				pause := time.Since(last)
				assert.Less(t, pause, limit, "retry %d", calls)
				limit = min(2*limit, 256*time.Millisecond)
				total += pause
			}
			last = time.Now()
			calls++
			return nil
		}, ctxsql.Retry(retries, isSerialize))
		assert.ErrorIs(t, err, errSerialize)
		assert.Equal(t, retries+1, calls)
		assert.NotZero(t, total, "it waits")
	})
}

func TestRetryEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, s := openScript(t)
		s.fail = failOn(errSerialize, "COMMIT")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := ctxsql.InTx(ctx, db, nil, func(context.Context) error { return nil }, ctxsql.Retry(1_000_000, isSerialize))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 100*time.Millisecond, time.Since(start))
	})
}

func TestRetryIsUpToTheOutermost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, s := openScript(t)
		s.fail = failTimes(1, errSerialize, "INSERT")
		err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
			return ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
				_, err := ctxsql.Conn(db).ExecContext(ctx, "INSERT")
				return err
			}, ctxsql.Retry(3, func(error) bool {
				t.Error("asked of a part")
				return true
			}))
		}, ctxsql.Retry(3, isSerialize))
		assert.NoError(t, err)
		assert.Equal(t, []string{"BEGIN", "INSERT", "ROLLBACK", "BEGIN", "INSERT", "COMMIT"}, s.took())
	})
}

func TestRetrySeesASwallowedFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, s := openScript(t)
		s.fail = failTimes(1, errSerialize, "INSERT")
		err := ctxsql.InTx(t.Context(), db, nil, func(ctx context.Context) error {
			_ = ctxsql.InTx(ctx, db, nil, func(ctx context.Context) error {
				_, err := ctxsql.Conn(db).ExecContext(ctx, "INSERT")
				return err
			})
			return nil
		}, ctxsql.Retry(3, isSerialize))
		assert.NoError(t, err)
	})
}

func TestRetryNotAfterPanic(t *testing.T) {
	db, s := openScript(t)
	calls := 0
	assert.Equal(t, errSerialize, recovered(func() {
		_ = ctxsql.InTx(t.Context(), db, nil, func(context.Context) error {
			calls++
			panic(errSerialize)
		}, ctxsql.Retry(3, func(error) bool { return true }))
	}))
	assert.Equal(t, 1, calls)
	assert.Equal(t, []string{"BEGIN", "ROLLBACK"}, s.took())
}

func TestRetryOfNil(t *testing.T) {
	assert.PanicsWithError(t, "ctxtx.Retry: nil function; pass one that says which errors are worth another attempt", func() { ctxsql.Retry(1, nil) })
}
