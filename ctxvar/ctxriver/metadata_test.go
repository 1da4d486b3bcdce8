package ctxriver_test

import (
	"context"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxriver"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/internal/wiretest"
)

const (
	minute = time.Minute
	tick   = 5 * time.Millisecond
)

var tenantOnly = ctxriver.Middleware(ctxwire.String(wiretest.Tenant, "X-Tenant"))

// An insertion keeps the metadata that a job has.
func TestInsertedMetadata(t *testing.T) {
	insert := func(metadata string) (string, error) {
		params := []*rivertype.JobInsertParams{{Metadata: []byte(metadata)}}
		_, err := tenantOnly.(rivertype.JobInsertMiddleware).InsertMany(t.Context(), params,
			func(context.Context) ([]*rivertype.JobInsertResult, error) { return nil, nil })
		return string(params[0].Metadata), err
	}
	for _, tt := range []struct{ reason, metadata, want string }{
		{"none", ``, `{"ctxvar":{"X-Tenant":"acme"}}`},
		{"empty", `{}`, `{"ctxvar":{"X-Tenant":"acme"}}`},
		{"null", `null`, `{"ctxvar":{"X-Tenant":"acme"}}`},
		{"others stay", `{"a":{"b":[1,2]}}`, `{"a":{"b":[1,2]},"ctxvar":{"X-Tenant":"acme"}}`},
		{"one by hand is replaced", `{"ctxvar":{"X-Tenant":"by hand","Other":"1"}}`, `{"ctxvar":{"X-Tenant":"acme","Other":"1"}}`},
		{"what is not ours is replaced", `{"ctxvar":7}`, `{"ctxvar":{"X-Tenant":"acme"}}`},
		{"null of ours", `{"ctxvar":null}`, `{"ctxvar":{"X-Tenant":"acme"}}`},
	} {
		wiretest.Tenant.With("acme", func() {
			got, err := insert(tt.metadata)
			require.NoError(t, err, tt.reason)
			assert.JSONEq(t, tt.want, got, tt.reason)
		})
	}
	got, err := insert(`[garbage`)
	require.NoError(t, err, "where there is nothing to send, what River makes of it is River's affair")
	assert.Equal(t, `[garbage`, got)
	wiretest.Tenant.With("acme", func() {
		_, err := insert(`[1]`)
		assert.ErrorContains(t, err, "ctxriver: a job's metadata is no JSON object")
	})
}

// Whatever the metadata is, a worker neither panics nor reads values that were not
// sent.
func TestGarbageMetadata(t *testing.T) {
	for _, metadata := range []string{
		``, `null`, `7`, `[]`, `{`, `{"ctxvar":null}`, `{"ctxvar":7}`, `{"ctxvar":[]}`, `{"ctxvar":{"X-Tenant":null}}`,
		`{"ctxvar":{"X-Tenant":7}}`, `{"ctxvar":{"X-Tenant":{"a":"b"}}}`, `{"ctxvar":{"X-Tenant":["a","b"]}}`,
		`{"ctxvar":{"X-Tenant":[]}}`, `{"ctxvar":{"x-tenant":"acme"}}`, `{"X-Tenant":"acme"}`,
	} {
		err := tenantOnly.(rivertype.WorkerMiddleware).Work(t.Context(), &rivertype.JobRow{Metadata: []byte(metadata)},
			func(context.Context) error {
				assert.Equal(t, "public", wiretest.Tenant.Get(), metadata)
				return errBoom
			})
		assert.Equal(t, errBoom, err)
	}
}

// A panic passes through, and leaves the goroutine as it was.
func TestPanics(t *testing.T) {
	assert.PanicsWithValue(t, "boom acme", func() {
		_ = tenantOnly.(rivertype.WorkerMiddleware).Work(t.Context(), &rivertype.JobRow{Metadata: []byte(`{"ctxvar":{"X-Tenant":"acme"}}`)},
			func(context.Context) error {
				wiretest.Locale.Set("left over")
				panic("boom " + wiretest.Tenant.Get())
			})
	})
	assert.Equal(t, " public  nobody", wiretest.Whoami())
}
