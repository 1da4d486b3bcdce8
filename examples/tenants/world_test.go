package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	tenants "github.com/heirloom-go/heirloom/examples/tenants"
)

// The faults that a request can have on purpose. The client sends the fault in the
// header X-Fault, and the service meets it in the middle of a transaction.
const (
	panics  = "panic"  // the handler panics
	fails   = "fail"   // the transaction is rolled back
	cancels = "cancel" // the client goes away
)

var (
	errFault = errors.New("fault")

	faultKind = ctxvar.New[string]("fault")
	faultID   = ctxvar.New[string]("fault_id")
)

// A world is the service, its clients, and the answers that the clients got.
type world struct {
	t       *testing.T
	url     string
	client  *http.Client
	tenants []string

	// goAway has, for each request with the fault cancels, the function that ends it on
	// the client's side.
	goAway sync.Map

	mu    sync.Mutex
	fates map[string]map[string]fate // by tenant, by note
	count map[string]int             // of what happened, for the log
}

// A fate is what a client knows about a note that it sent.
type fate int

const (
	unknown fate = iota // the answer was cut off, so the note may be there or not
	added
	refused
)

// begin starts the service, with its databases in the folder path, and returns a
// function that ends it.
func (w *world) begin(path string) (end func()) {
	service := tenants.New(path, log.New(io.Discard, "", 0))
	service.SetFault(func(ctx context.Context) error {
		switch faultKind.Get() {
		case panics:
			panic("the handler panics")
		case fails:
			return errFault
		case cancels:
			goAway, _ := w.goAway.Load(faultID.Get())
			goAway.(context.CancelFunc)()
			<-ctx.Done()
			return nil // the service must notice it by itself
		}
		return nil
	})
	faults := ctxhttp.Middleware(
		ctxhttp.FromHeader(faultKind, "X-Fault"),
		ctxhttp.FromHeader(faultID, "X-Fault-Id"),
	)
	server := httptest.NewUnstartedServer(faults(service))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // where panics go
	server.Start()                                      // on a loopback port
	// The limit makes clients take over each other's connections.
	transport := &http.Transport{MaxIdleConnsPerHost: 50}
	w.url, w.client = server.URL, &http.Client{Transport: transport}
	return func() {
		server.Close() // waits for the handlers
		transport.CloseIdleConnections()
		assert.NoError(w.t, service.Close())
	}
}

// do sends a request for a tenant and reads the answer into out, unless out is nil. It
// returns the status, or 0 if there was no answer.
func (w *world) do(ctx context.Context, method, path, tenant, id, fault string, in, out any) int {
	var body bytes.Buffer
	if in != nil {
		assert.NoError(w.t, json.NewEncoder(&body).Encode(in))
	}
	req, err := http.NewRequestWithContext(ctx, method, w.url+path, &body)
	if !assert.NoError(w.t, err) {
		return 0
	}
	req.Header.Set("X-Tenant", tenant)
	if fault != "" {
		req.Header.Set("X-Fault", fault)
		req.Header.Set("X-Fault-Id", id)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if out == nil || resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		if resp.StatusCode == http.StatusInternalServerError && !strings.Contains(string(text), errFault.Error()) && ctx.Err() == nil {
			w.t.Errorf("%s %s: %s", method, path, text)
		}
		return resp.StatusCode
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return 0
	}
	return resp.StatusCode
}

// record records the fate of notes.
func (w *world) record(tenant string, f fate, notes ...tenants.Note) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range notes {
		if w.fates[tenant] == nil {
			w.fates[tenant] = make(map[string]fate)
		}
		w.fates[tenant][n.ID] = f
	}
}

func (w *world) tally(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count[what]++
}

// act does one of the things that a client may do.
func (w *world) act(random *rand.Rand, id string) {
	tenant := w.tenants[random.IntN(len(w.tenants))]
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	switch n := random.IntN(100); {
	case n < 50:
		fault := []string{"", "", "", panics, fails, cancels}[random.IntN(6)]
		w.post(ctx, cancel, tenant, id, fault)
	case n < 60:
		// From long before the answer to long after it.
		limit := time.Duration(random.IntN(int(time.Millisecond << random.IntN(12))))
		cut, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		w.postCutOff(cut, tenant, id)
	case n < 70:
		fault := []string{"", "", fails}[random.IntN(3)]
		w.postBatch(ctx, tenant, id, fault)
	case n < 80:
		w.list(ctx, tenant)
	default:
		w.summary(ctx, tenant)
	}
}

func newNote(tenant, id string) tenants.Note {
	return tenants.Note{ID: id, Owner: tenant, Text: "for " + tenant}
}

func (w *world) post(ctx context.Context, goAway context.CancelFunc, tenant, id, fault string) {
	if fault == cancels {
		w.goAway.Store(id, goAway)
		defer w.goAway.Delete(id)
	}
	note := newNote(tenant, id)
	status := w.do(ctx, "POST", "/notes", tenant, id, fault, note, nil)
	w.tally(fmt.Sprintf("post, fault %q: %d", fault, status))
	switch {
	case fault == "" && status == http.StatusCreated:
		w.record(tenant, added, note)
	case fault == "" && status == 0:
		w.t.Error("no answer, for no reason")
	default:
		// The request met its fault, or ended earlier because the database was busy.
		assert.Contains(w.t, []int{0, http.StatusInternalServerError, http.StatusServiceUnavailable}, status)
		w.record(tenant, refused, note)
	}
}

func (w *world) postCutOff(ctx context.Context, tenant, id string) {
	note := newNote(tenant, id)
	status := w.do(ctx, "POST", "/notes", tenant, id, "", note, nil)
	w.tally(fmt.Sprintf("post, cut off anywhere: %d", status))
	switch status {
	case http.StatusCreated:
		w.record(tenant, added, note)
	case http.StatusServiceUnavailable:
		w.record(tenant, refused, note)
	default:
		w.record(tenant, unknown, note)
	}
}

func (w *world) postBatch(ctx context.Context, tenant, id, fault string) {
	notes := []tenants.Note{newNote(tenant, id+"a"), newNote(tenant, id+"b"), newNote(tenant, id+"a"), newNote(tenant, id+"c")}
	var n int
	status := w.do(ctx, "POST", "/notes/batch", tenant, id, fault, notes, &n)
	w.tally(fmt.Sprintf("batch, fault %q: %d", fault, status))
	if status == http.StatusOK {
		assert.Empty(w.t, fault)
		assert.Equal(w.t, 3, n, "the second a is refused, and nothing else")
		w.record(tenant, added, notes...)
	} else {
		assert.Contains(w.t, []int{http.StatusInternalServerError, http.StatusServiceUnavailable}, status)
		w.record(tenant, refused, notes...)
	}
}

func (w *world) list(ctx context.Context, tenant string) {
	var notes []tenants.Note
	status := w.do(ctx, "GET", "/notes", tenant, "", "", nil, &notes)
	w.tally(fmt.Sprintf("list: %d", status))
	assert.Equal(w.t, http.StatusOK, status)
	for _, n := range notes {
		assert.Equal(w.t, newNote(tenant, n.ID), n, "asked for as %s", tenant)
	}
}

func (w *world) summary(ctx context.Context, tenant string) {
	var s tenants.Summary
	status := w.do(ctx, "GET", "/summary", tenant, "", "", nil, &s)
	w.tally(fmt.Sprintf("summary: %d", status))
	assert.Equal(w.t, http.StatusOK, status)
	assert.Equal(w.t, s.Notes, s.Total, "each transaction does all of its work, or none")
	assert.LessOrEqual(w.t, s.Delivered, s.Notes, "nothing is delivered before it is certain")
}

// hog makes databases busy until stop is closed: it takes the write lock of one,
// writes, and rolls back.
func (w *world) hog(random *rand.Rand, dbs []*sql.DB, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		tx, err := dbs[random.IntN(len(dbs))].Begin()
		if err != nil {
			continue // busy itself
		}
		_, err = tx.Exec(`INSERT INTO notes SELECT 'hog' || n, 'hog', 'hog' FROM totals`)
		assert.NoError(w.t, err)
		// Now and then, this is longer than the service waits before it tries again.
		time.Sleep(time.Duration(random.IntN(int(60 * time.Millisecond))))
		assert.NoError(w.t, tx.Rollback())
		w.tally("database made busy")
	}
}

// check compares a tenant's database with the answers that the clients got.
func (w *world) check(tenant string, db *sql.DB) {
	notes := rows(w.t, db, `SELECT id, owner FROM notes`)
	delivered := rows(w.t, db, `SELECT id, owner FROM delivered`)
	assert.Equal(w.t, notes, delivered, "%s: what is certain is delivered, once, and nothing else", tenant)
	for id, owner := range notes {
		assert.Equal(w.t, tenant, owner, "%s has crossed", id)
		f, sent := w.fates[tenant][id]
		assert.True(w.t, sent, "%s: nobody sent %s", tenant, id)
		assert.NotEqual(w.t, refused, f, "%s: %s was refused, and is there", tenant, id)
	}
	for id, f := range w.fates[tenant] {
		if f == added {
			assert.Contains(w.t, notes, id, "%s: %s was added, and is not there", tenant, id)
		}
	}
	var total int
	require.NoError(w.t, db.QueryRow(`SELECT n FROM totals`).Scan(&total))
	assert.Len(w.t, notes, total, tenant)
}

// rows returns the result of query in db, which has two columns.
func rows(t *testing.T, db *sql.DB, query string) map[string]string {
	result, err := db.Query(query)
	require.NoError(t, err)
	defer result.Close()
	found := make(map[string]string)
	for result.Next() {
		var id, owner string
		require.NoError(t, result.Scan(&id, &owner))
		found[id] = owner
	}
	require.NoError(t, result.Err())
	return found
}
