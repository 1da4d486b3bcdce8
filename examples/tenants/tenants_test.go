package main_test

import (
	"database/sql"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/examples/internal/sqlitedb"
	tenants "github.com/heirloom-go/heirloom/examples/tenants"
)

func TestNoRowCrosses(t *testing.T) {
	const (
		clients = 200
		actions = 12
		limit   = 20 * time.Second // long enough for a busy machine
	)
	w := &world{t: t, fates: make(map[string]map[string]fate), count: make(map[string]int)}
	for i := range 20 {
		w.tenants = append(w.tenants, fmt.Sprintf("tenant-%d", i))
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	path := t.TempDir()
	end := w.begin(path)
	var dbs []*sql.DB // other connections to the service's files
	for _, tenant := range w.tenants {
		w.list(t.Context(), tenant) // makes the database
		db, err := sqlitedb.Open(filepath.Join(path, tenant+".db"), time.Second)
		require.NoError(t, err)
		defer db.Close()
		dbs = append(dbs, db)
	}

	var hogs, crowd sync.WaitGroup
	start := time.Now()
	stop := make(chan struct{})
	for i := range 4 {
		hogs.Go(func() { w.hog(rand.New(rand.NewPCG(seed, uint64(i))), dbs, stop) })
	}
	for i := range clients {
		crowd.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(1000+i)))
			for j := range actions {
				if time.Since(start) > limit {
					break
				}
				w.act(random, fmt.Sprintf("%d-%d", i, j))
			}
		})
	}
	crowd.Wait()
	close(stop)
	hogs.Wait()
	end()

	for _, what := range slices.Sorted(maps.Keys(w.count)) {
		t.Logf("%5d %s", w.count[what], what)
	}
	for i, tenant := range w.tenants {
		w.check(tenant, dbs[i])
	}
}

// If the database of a tenant is busy for long, that tenant gets an error, and the
// others don't notice.
func TestBusyDatabase(t *testing.T) {
	w := &world{t: t}
	path := t.TempDir()
	end := w.begin(path)
	defer end()
	post := func(tenant, id string) int {
		return w.do(t.Context(), "POST", "/notes", tenant, id, "", newNote(tenant, id), nil)
	}
	require.Equal(t, http.StatusCreated, post("a", "1"))
	db, err := sqlitedb.Open(filepath.Join(path, "a.db"), time.Second)
	require.NoError(t, err)
	defer db.Close()
	tx, err := db.Begin() // takes the lock
	require.NoError(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, post("a", "2"))
	assert.Equal(t, http.StatusCreated, post("b", "2"))
	require.NoError(t, tx.Rollback())
	assert.Equal(t, http.StatusCreated, post("a", "2"))
}

func TestStrangersAreRefused(t *testing.T) {
	path := t.TempDir()
	service := tenants.New(path, log.New(io.Discard, "", 0))
	defer func() { assert.NoError(t, service.Close()) }()
	for _, name := range []string{"", "Upper", "../escape", "a/b", "a.b", strings.Repeat("a", 33), "a\x00"} {
		req := httptest.NewRequest("GET", "/notes", nil)
		req.Header.Set("X-Tenant", name)
		resp := httptest.NewRecorder()
		service.ServeHTTP(resp, req)
		assert.Equal(t, http.StatusForbidden, resp.Code, "%q", name)
	}
	files, err := filepath.Glob(filepath.Join(path, "*"))
	require.NoError(t, err)
	assert.Empty(t, files)
}
