package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	tracing "github.com/heirloom-go/heirloom/examples/tracing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A shop is the shop under test, with its log and its spans.
type shop struct {
	*tracing.Shop
	log      *lockedBuffer
	exporter *tracetest.InMemoryExporter
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func open(t *testing.T) *shop {
	s := &shop{log: new(lockedBuffer), exporter: tracetest.NewInMemoryExporter()}
	var err error
	s.Shop, err = tracing.Open(s.log, s.exporter)
	require.NoError(t, err)
	t.Cleanup(s.stop)
	return s
}

// stop ends the services, and so their spans. The test can't go on if that fails.
func (s *shop) stop() { _ = s.Close() }

// A line has the fields of a log line that matter here.
type line struct {
	Service   string `json:"service"`
	Msg       string `json:"msg"`
	RequestID string `json:"request_id"`
	TraceID   string `json:"trace_id"`
	SpanID    string `json:"span_id"`
	Tenant    string `json:"tenant"`
}

func (s *shop) lines(t *testing.T) (lines []line) {
	for dec := json.NewDecoder(&s.log.buf); ; {
		var l line
		if err := dec.Decode(&l); err == io.EOF {
			return lines
		} else if !assert.NoError(t, err) {
			return lines
		}
		lines = append(lines, l)
	}
}

// order asks the API for an offer, like a customer that knows nothing of traces.
func (s *shop) order(t *testing.T, item, requestID, tenant string) (status int, gotID, body string) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/offers/"+item, nil)
	if !assert.NoError(t, err) {
		return 0, "", ""
	}
	r.Header.Set("X-Request-Id", requestID)
	if tenant != "" {
		r.Header.Set("Baggage", "tenant="+tenant)
	}
	resp, err := http.DefaultClient.Do(r)
	if !assert.NoError(t, err) {
		return 0, "", ""
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	assert.NoError(t, err)
	return resp.StatusCode, resp.Header.Get("X-Request-Id"), string(got)
}

// With many customers at once, each request is one trace of the same shape, and each
// line that is logged for it has its ID and its tenant.
func TestOneTraceOneID(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	s := open(t)
	const customers = 20
	var all sync.WaitGroup
	for i := range customers {
		all.Go(func() {
			id, tenant, item := fmt.Sprint("r", i), fmt.Sprint("t", i), strings.Repeat("x", i+1)
			status, gotID, body := s.order(t, item, id, tenant)
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, id, gotID)
			assert.JSONEq(t, fmt.Sprintf(`{"item":%q,"price":%d,"left":%d}`, item, 100*(i+1), i+1), body)
		})
	}
	all.Wait()
	s.stop()

	// The shape of a trace is its spans, with their services and parents.
	traces := map[string]map[string]string{}
	names := map[trace.SpanID]string{}
	stubs := s.exporter.GetSpans()
	for _, span := range stubs {
		name, _ := span.Resource.Set().Value("service.name")
		names[span.SpanContext.SpanID()] = name.AsString() + ": " + span.Name + " (" + span.SpanKind.String() + ")"
	}
	for _, span := range stubs {
		id := span.SpanContext.TraceID().String()
		if traces[id] == nil {
			traces[id] = map[string]string{}
		}
		traces[id][names[span.SpanContext.SpanID()]] = names[span.Parent.SpanID()]
	}
	assert.Len(t, traces, customers)
	for _, got := range traces {
		assert.Equal(t, map[string]string{
			"api: GET /offers/{item} (server)":    "",
			"api: offer (internal)":               "api: GET /offers/{item} (server)",
			"api: HTTP GET (client)":              "api: offer (internal)",
			"catalog: GET /items/{item} (server)": "api: HTTP GET (client)",
			"catalog: price (internal)":           "catalog: GET /items/{item} (server)",
			"catalog: shop.Stock/Left (client)":   "catalog: GET /items/{item} (server)",
			"stock: shop.Stock/Left (server)":     "catalog: shop.Stock/Left (client)",
			"stock: count (internal)":             "stock: shop.Stock/Left (server)",
		}, got)
	}

	// The lines of each trace belong to one request, and to the span that wrote them.
	type whose struct{ requestID, tenant string }
	owners := map[string]whose{}
	wantSpan := map[string]string{
		"api asking the catalog":       "api: offer (internal)",
		"catalog looking up the price": "catalog: price (internal)",
		"stock counting":               "stock: count (internal)",
	}
	lines := s.lines(t)
	assert.Len(t, lines, 3*customers)
	for _, l := range lines {
		owner, seen := owners[l.TraceID]
		if !seen {
			owner = whose{l.RequestID, l.Tenant}
			owners[l.TraceID] = owner
		}
		assert.Equal(t, owner, whose{l.RequestID, l.Tenant})
		assert.Equal(t, strings.Replace(l.RequestID, "r", "t", 1), l.Tenant)
		assert.NotEmpty(t, l.RequestID)
		spanID, err := trace.SpanIDFromHex(l.SpanID)
		assert.NoError(t, err)
		assert.Equal(t, wantSpan[l.Service+" "+l.Msg], names[spanID])
	}
	assert.Len(t, owners, customers)
}

// A malformed ID or tenant appears nowhere, and a request without a valid ID gets one
// that all services have.
func TestMadeUpIDs(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	s := open(t)
	for _, bad := range []string{"", "<script>", strings.Repeat("x", 129)} {
		status, id, _ := s.order(t, "socks", bad, "%0Aevil")
		assert.Equal(t, http.StatusOK, status)
		assert.Len(t, id, 26)
	}
	s.stop()
	for _, l := range s.lines(t) {
		assert.Len(t, l.RequestID, 26)
		assert.Equal(t, "public", l.Tenant)
	}
}

// An error is recorded in each span that returned it, and the lines about it have the
// request's ID.
func TestStockIsDown(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	s := open(t)
	s.StopStock()
	status, id, _ := s.order(t, "socks", "r1", "acme")
	assert.Equal(t, http.StatusBadGateway, status)
	assert.Equal(t, "r1", id)
	s.stop()

	failed := map[string]bool{}
	for _, span := range s.exporter.GetSpans() {
		failed[span.Name] = span.Status.Code == codes.Error
	}
	assert.Equal(t, map[string]bool{
		"GET /offers/{item}": true,
		"offer":              true,
		"HTTP GET":           true,
		"GET /items/{item}":  true,
		"price":              false,
		"shop.Stock/Left":    true,
	}, failed)

	said := map[string]bool{}
	for _, l := range s.lines(t) {
		said[l.Service+" "+l.Msg] = true
		assert.Equal(t, "r1 acme", l.RequestID+" "+l.Tenant)
	}
	assert.Subset(t, said, map[string]bool{"catalog cannot look it up": true, "api no offer": true})
}
