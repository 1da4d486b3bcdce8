package ctxwire_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// serveID returns the request ID with which a message is handled. It must be the one
// that is sent back.
func serveID(t *testing.T, in http.Header, opts ...ctxwire.IDOption) string {
	t.Helper()
	var found string
	reply := http.Header{}
	wire := ctxwire.NewWire(queue, ctxwire.RequestID(requestID, opts...))
	err := wire.Receive(t.Context(), in, reply, func(context.Context) error {
		found = requestID.Get()
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, http.Header{"X-Request-Id": {found}}, reply)
	return found
}

const (
	traceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
	traceparent = "00-" + traceID + "-00f067aa0ba902b7-01"
)

func TestRequestID(t *testing.T) {
	const isNew = "a new one"
	for _, tt := range []struct {
		reason, id, traceparent, want string
	}{
		{"a UUID", "7b3f9d5e-2c1a-4e8b-9f60-1d2c3b4a5e6f", "", "7b3f9d5e-2c1a-4e8b-9f60-1d2c3b4a5e6f"},
		{"base64", "q83vEjRWeJA+/w==", "", "q83vEjRWeJA+/w=="},
		{"a host and a time", "web-1.example:8080@2026-01-02T03:04:05_7~x", "", "web-1.example:8080@2026-01-02T03:04:05_7~x"},
		{"the longest", strings.Repeat("x", 128), "", strings.Repeat("x", 128)},
		{"too long", strings.Repeat("x", 129), "", isNew},
		{"none", "", "", isNew},
		{"a blank", "a b", "", isNew},
		{"a line break", "a\nlevel=ERROR", "", isNew},
		{"markup", "<script>alert(1)</script>", "", isNew},
		{"quotes", `a"b`, "", isNew},
		{"a format", "%s%d", "", isNew},
		{"a shell's", "$(reboot)", "", isNew},
		{"not ASCII", "größe", "", isNew},
		{"not UTF-8", "a\xff", "", isNew},
		{"a terminal's escape", "a\x1b[31m", "", isNew},

		{"a trace", "", traceparent, traceID},
		{"an ID comes before a trace", "r1", traceparent, "r1"},
		{"but not one that is not well-formed", "<r1>", traceparent, traceID},
		{"flags of all kinds", "", "00-" + traceID + "-00f067aa0ba902b7-ff", traceID},
		{"a later version", "", "01-" + traceID + "-00f067aa0ba902b7-01", traceID},
		{"a later version with more", "", "cc-" + traceID + "-00f067aa0ba902b7-01-what-ever", traceID},
		{"more of a later version, but not apart", "", "cc-" + traceID + "-00f067aa0ba902b7-01x", isNew},
		{"more, though the version has none", "", traceparent + "-more", isNew},
		{"a version that is none", "", "ff-" + traceID + "-00f067aa0ba902b7-01", isNew},
		{"a version that is not hex", "", "0x-" + traceID + "-00f067aa0ba902b7-01", isNew},
		{"the zero trace", "", "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01", isNew},
		{"the zero parent", "", "00-" + traceID + "-" + strings.Repeat("0", 16) + "-01", isNew},
		{"capitals", "", "00-" + strings.ToUpper(traceID) + "-00f067aa0ba902b7-01", isNew},
		{"a parent that is not hex", "", "00-" + traceID + "-00f067aa0ba902bz-01", isNew},
		{"flags that are not hex", "", "00-" + traceID + "-00f067aa0ba902b7-0z", isNew},
		{"too short", "", traceparent[:54], isNew},
		{"endless", "", "cc-" + traceID + "-00f067aa0ba902b7-01-" + strings.Repeat("x", 200), isNew},
		{"other separators", "", strings.ReplaceAll(traceparent, "-", "_"), isNew},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			in := http.Header{}
			if tt.id != "" {
				in.Set("X-Request-Id", tt.id)
			}
			if tt.traceparent != "" {
				in.Set("traceparent", tt.traceparent)
			}
			got := serveID(t, in)
			if tt.want == isNew {
				assert.Regexp(t, `^[A-Z2-7]{26}$`, got)
				assert.NotEqual(t, got, serveID(t, in), "another each time")
			} else {
				assert.Equal(t, tt.want, got)
			}
		})
	}
}

func TestTwoIDsAreNone(t *testing.T) {
	assert.Equal(t, "x1", serveID(t, http.Header{"X-Request-Id": {"x1"}}))
	assert.Len(t, serveID(t, http.Header{"X-Request-Id": {"x1", "x2"}}), 26)
	assert.Len(t, serveID(t, http.Header{"Traceparent": {traceparent, traceparent}}), 26)
}

func TestIDOptions(t *testing.T) {
	fixed := ctxwire.IDFunc(func() string { return "made" })
	assert.Equal(t, "made", serveID(t, http.Header{}, fixed))
	assert.Equal(t, "given", serveID(t, http.Header{"X-Request-Id": {"given"}}, fixed))

	reply := ctxwire.Map{}
	wire := ctxwire.NewWire(queue, ctxwire.RequestID(requestID, ctxwire.IDKey("Correlation-Id")))
	err := wire.Receive(t.Context(), ctxwire.Map{"Correlation-Id": "c1", "X-Request-Id": "r1"}, reply, func(context.Context) error {
		assert.Equal(t, "c1", requestID.Get())
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, ctxwire.Map{"Correlation-Id": "c1"}, reply)
}

// An ID that is made for a message is the same however often it is set.
func TestPickedID(t *testing.T) {
	wire := ctxwire.NewWire(queue, ctxwire.RequestID(requestID))
	picked := wire.Pick(ctxwire.Map{"X-Request-Id": "<evil>"})
	wire.Set(picked)
	first := requestID.Get()
	assert.Len(t, first, 26)
	wire.Set(picked)
	assert.Equal(t, first, requestID.Get())
}

// known is a message with an ID of its protocol.
type known struct {
	ctxwire.Map
	id string
}

func (k known) ID() string { return k.id }

func TestIdentified(t *testing.T) {
	wire := ctxwire.NewWire(queue, ctxwire.RequestID(requestID))
	for _, tt := range []struct {
		reason string
		in     known
		want   string
	}{
		{"in place of a new one", known{nil, "run-1"}, "run-1"},
		{"not in place of what was sent", known{ctxwire.Map{"X-Request-Id": "r1"}, "run-1"}, "r1"},
		{"nor of a trace", known{ctxwire.Map{"traceparent": traceparent}, "run-1"}, traceID},
		{"but of what is not well-formed", known{ctxwire.Map{"X-Request-Id": "<r1>"}, "run-1"}, "run-1"},
	} {
		wire.Set(tt.in)
		assert.Equal(t, tt.want, requestID.Get(), tt.reason)
	}
	for _, id := range []string{"", "run 1"} {
		wire.Set(known{nil, id})
		assert.Len(t, requestID.Get(), 26, "a new one, for %q is not well-formed", id)
	}
}

var wellFormed = regexp.MustCompile(`^[A-Za-z0-9\-._~+/=:@]{1,128}$`)

func FuzzRequestID(f *testing.F) {
	f.Add("r1", traceparent)
	f.Add("<r1>", "cc-"+traceID+"-00f067aa0ba902b7-01-x")
	f.Fuzz(func(t *testing.T, id, parent string) {
		got := serveID(t, http.Header{"X-Request-Id": {id}, "Traceparent": {parent}})
		assert.Regexp(t, wellFormed, got)
		switch {
		case wellFormed.MatchString(id):
			assert.Equal(t, id, got)
		case len(got) == 32:
			assert.Contains(t, parent, "-"+got+"-")
		default:
			assert.Len(t, got, 26)
		}
	})
}
