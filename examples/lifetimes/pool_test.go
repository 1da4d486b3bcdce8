package main_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/heirloom-go/heirloom/ctxvar"
)

const (
	opener  = "database/sql.(*DB).connectionOpener"
	cleaner = "database/sql.(*DB).connectionCleaner"
)

func open(t *testing.T) *sql.DB {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "test.db"))
	assert.NoError(t, err)
	return db
}

// A pool has a goroutine from its opening to its closing.
func TestPoolOpenedInAHandler(t *testing.T) {
	var db *sql.DB
	s := serve("pool", func() { db = open(t) })
	assertHeirs(t, "pool", opener)
	assertKept(t, s)
	require.NoError(t, db.Close())
	assertCollected(t, s)

	s = serve("detached pool", func() {
		ctxvar.Detach(func() { db = open(t) })
	})
	assertCollected(t, s, "nothing was there to inherit")
	assertHeirs(t, "detached pool", opener) // labels remain, and show which request started the goroutine
	require.NoError(t, db.Close())
}

// A pool has another goroutine if connections have a time to live. It is started when
// the first connection is returned to the pool.
func TestPoolCleanerStartedInAHandler(t *testing.T) {
	query := func(db *sql.DB) {
		var one int
		assert.NoError(t, db.QueryRow("SELECT 1").Scan(&one))
	}

	db := open(t)
	db.SetConnMaxIdleTime(time.Hour)
	s := serve("cleaner", func() { query(db) })
	assertHeirs(t, "cleaner", cleaner)
	assertKept(t, s)

	later := serve("later", func() { query(db) })
	assertCollected(t, later, "it is the first one's alone")
	require.NoError(t, db.Close())
	assertCollected(t, s)

	// A program that uses the pool once at its start has the goroutine started there.
	db = open(t)
	db.SetConnMaxIdleTime(time.Hour)
	ctxvar.Detach(func() { query(db) })
	s = serve("warm", func() { query(db) })
	assertHeirs(t, "warm")
	assertCollected(t, s)
	require.NoError(t, db.Close())
}

// Goroutines of a transaction or of rows end with them.
func TestTransactionsKeepNothing(t *testing.T) {
	db := open(t)
	defer db.Close()
	s := serve("tx", func() {
		tx, err := db.BeginTx(t.Context(), nil)
		if !assert.NoError(t, err) {
			return
		}
		_, err = tx.Exec("CREATE TABLE t (n INTEGER)")
		assert.NoError(t, err)
		assert.NoError(t, tx.Commit())
	})
	assertCollected(t, s)
}
