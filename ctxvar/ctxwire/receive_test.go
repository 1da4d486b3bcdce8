package ctxwire_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

func TestReceive(t *testing.T) {
	for _, tt := range []struct {
		reason     string
		in         http.Header
		wantTenant string
		attempt    int
		refused    string
	}{
		{"nothing", nil, "public", 0, ""},
		{"what is well-formed", http.Header{"Tenant": {"acme"}, "Attempt": {"3"}}, "acme", 3, ""},
		{"an empty text is one", http.Header{"Tenant": {""}}, "", 0, ""},
		{"as long as it may be", http.Header{"Tenant": {long}}, long, 0, ""},
		{"one byte too long", http.Header{"Tenant": {long + "x"}}, "public", 0,
			"http: tenant as Tenant: value is longer than allowed: choose a higher MaxLen"},
		{"a line", http.Header{"Tenant": {"two\nlines"}}, "public", 0,
			"http: tenant as Tenant: value has characters that this protocol can't carry as they are: encode it, with Func"},
		{"not UTF-8", http.Header{"Tenant": {"\xff"}}, "public", 0,
			"http: tenant as Tenant: value has characters that this protocol can't carry as they are: encode it, with Func"},
		{"one where two are", http.Header{"Tenant": {"acme", "umbrella"}}, "public", 0, "http: tenant as Tenant: value was sent more than once"},
		{"what can't be decoded", http.Header{"Attempt": {"three"}, "Tenant": {"acme"}}, "acme", 0,
			`http: attempt as Attempt: strconv.Atoi: parsing "three": invalid syntax`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var refused string
			hook := ctxwire.OnRefused(func(err *ctxwire.FieldError) { refused += err.Error() })
			p := ctxwire.Protocol{Name: "http", Key: func(key string) (string, error) { return http.CanonicalHeaderKey(key), nil }}
			wire := ctxwire.NewWire(p, ctxwire.String(tenant, "tenant", hook), attemptField(hook))
			failed := errors.New("failed")
			err := wire.Receive(t.Context(), tt.in, nil, func(ctx context.Context) error {
				assert.Equal(t, tt.wantTenant, tenant.Get())
				assert.Equal(t, tt.attempt, attempt.Get())
				c, ok := ctxvar.FromContext(ctx)
				require.True(t, ok)
				assert.True(t, c.Equal(ctxvar.Copy()))
				tenant.Set("left over")
				return failed
			})
			assert.Equal(t, failed, err)
			assert.Equal(t, tt.refused, refused)
			assert.Equal(t, "public", tenant.Get(), "outside")

			// The same, later.
			if picked := wire.Pick(tt.in); picked != nil {
				clear(tt.in)
				refused = ""
				ctxvar.Copy().Run(func() {
					wire.Set(picked)
					assert.Equal(t, tt.wantTenant, tenant.Get())
					assert.Equal(t, tt.attempt, attempt.Get())
				})
				assert.Equal(t, tt.refused, refused)
			}
		})
	}
}

// FuzzReceive checks that incoming values are accepted unchanged or refused, and that
// what is sent arrives unchanged.
func FuzzReceive(f *testing.F) {
	f.Add("acme", "3", "r1", traceparent)
	f.Add("two\nlines", "three", "<r1>", "cc-"+traceID+"-00f067aa0ba902b7-01-x")
	f.Add("\xff\x00", "-1", "", "")
	f.Add(long+"x", "1e9", strings.Repeat("x", 129), strings.Repeat("-", 55))
	f.Fuzz(func(t *testing.T, tenantText, attemptText, id, parent string) {
		wire := ctxwire.NewWire(queue, ctxwire.String(tenant, "tenant"), attemptField(), ctxwire.RequestID(requestID))
		in := ctxwire.Map{"tenant": tenantText, "attempt": attemptText, "X-Request-Id": id, "traceparent": parent}
		reply := ctxwire.Map{}
		receive := func(in ctxwire.Incoming) {
			err := wire.Receive(t.Context(), in, reply, func(ctx context.Context) error {
				if got := tenant.Get(); got != "public" {
					assert.Equal(t, tenantText, got)
					assert.LessOrEqual(t, len(got), ctxwire.DefaultMaxLen)
					assert.True(t, ctxwire.IsText(got))
				}
				assert.Equal(t, ctxwire.Map{"X-Request-Id": requestID.Get()}, reply)
				assert.Regexp(t, wellFormed, requestID.Get())
				sent := ctxwire.Map{}
				if attempt.Get() >= 0 {
					require.NoError(t, wire.Send(ctx, sent, nil))
					assert.Equal(t, requestID.Get(), sent["X-Request-Id"])
				}
				return nil
			})
			require.NoError(t, err)
		}
		receive(in)
		receive(wire.Pick(in))
	})
}
