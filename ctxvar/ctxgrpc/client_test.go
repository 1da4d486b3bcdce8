package ctxgrpc_test

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxgrpc"
)

// sent returns the metadata that goes with a call, or the call's error.
func sent(ctx context.Context, fields ...ctxgrpc.Field) (metadata.MD, error) {
	var md metadata.MD
	err := ctxgrpc.UnaryClientInterceptor(fields...)(ctx, "/s/m", nil, nil, nil,
		func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
			md, _ = metadata.FromOutgoingContext(ctx)
			return nil
		})
	return md, err
}

func TestClientSends(t *testing.T) {
	var carried context.Context
	tenant.With("carried", func() { carried = ctxvar.NewContext(t.Context()) })
	for _, tt := range []struct {
		reason string
		ctx    context.Context
		set    func()
		want   metadata.MD
	}{
		{reason: "neither what is not set nor a default is sent"},
		{
			reason: "what is set is sent, and only what is chosen",
			set:    func() { requestID.Set("r1"); tenant.Set("acme"); locale.Set("de") },
			want:   metadata.Pairs("x-request-id", "r1", "x-tenant", "acme"),
		},
		{
			reason: "what is empty is a value too, but no ID",
			set:    func() { requestID.Set(""); tenant.Set("") },
			want:   metadata.Pairs("x-tenant", ""),
		},
		{
			reason: "other metadata stays",
			ctx:    metadata.AppendToOutgoingContext(t.Context(), "other", "1"),
			set:    func() { tenant.Set("acme") },
			want:   metadata.Pairs("other", "1", "x-tenant", "acme"),
		},
		{
			reason: "what was there under the key is replaced",
			ctx:    metadata.AppendToOutgoingContext(t.Context(), "X-Tenant", "by hand", "x-tenant", "twice", "other", "1"),
			set:    func() { requestID.Set("r1"); tenant.Set("acme") },
			want:   metadata.Pairs("x-request-id", "r1", "x-tenant", "acme", "other", "1"),
		},
		{
			reason: "but not by nothing",
			ctx:    metadata.AppendToOutgoingContext(t.Context(), "x-tenant", "by hand"),
			set:    func() { requestID.Set("r1") },
			want:   metadata.Pairs("x-request-id", "r1", "x-tenant", "by hand"),
		},
		{
			reason: "the ctx has what the goroutine hasn't",
			ctx:    carried,
			set:    func() { requestID.Set("r1") },
			want:   metadata.Pairs("x-request-id", "r1", "x-tenant", "carried"),
		},
		{
			reason: "what the goroutine has comes first",
			ctx:    carried,
			set:    func() { tenant.Set("acme") },
			want:   metadata.Pairs("x-tenant", "acme"),
		},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			before, _ := metadata.FromOutgoingContext(ctx)
			if tt.set != nil {
				tt.set() // in the goroutine of the subtest
			}
			got, err := sent(ctx, fields...)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			after, _ := metadata.FromOutgoingContext(ctx)
			assert.Equal(t, before, after, "the caller's ctx is the caller's")
		})
	}
}

// A value that can't be sent fails the call, and the text says what to do.
func TestClientRefuses(t *testing.T) {
	attempt := ctxvar.New[int]("attempt")
	errNegative := errors.New("a negative attempt")
	attemptField := ctxgrpc.Func(attempt, "x-attempt",
		func(n int) (string, error) {
			if n < 0 {
				return "", errNegative
			}
			return strconv.Itoa(n), nil
		},
		strconv.Atoi)
	for _, tt := range []struct {
		reason string
		set    func()
		err    error
		text   string
	}{
		{"a long value", func() { tenant.Set(long + "x") }, ctxgrpc.ErrTooLong,
			"ctxgrpc: tenant as x-tenant: value is longer than allowed: choose a higher MaxLen"},
		{"a line", func() { tenant.Set("acme\r\nx-admin: yes") }, ctxgrpc.ErrMalformed,
			`ctxgrpc: tenant as x-tenant: value has characters that can't be sent, or a space at its start or end: choose a key that ends with "-bin"`},
		{"beyond ASCII", func() { tenant.Set("Zoë") }, ctxgrpc.ErrMalformed, ""},
		{"DEL", func() { tenant.Set("\x7f") }, ctxgrpc.ErrMalformed, ""},
		{"a space before", func() { tenant.Set(" acme") }, ctxgrpc.ErrMalformed, ""},
		{"a space behind", func() { tenant.Set("acme ") }, ctxgrpc.ErrMalformed, ""},
		{"an ID that is too long", func() { requestID.Set(long) }, ctxgrpc.ErrTooLong, ""},
		{"what its function refuses", func() { attempt.Set(-1) }, errNegative, "ctxgrpc: attempt as x-attempt: a negative attempt"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			tt.set()
			_, err := sent(t.Context(), append(fields, attemptField)...)
			var fieldErr *ctxgrpc.FieldError
			require.ErrorAs(t, err, &fieldErr)
			assert.ErrorIs(t, err, tt.err)
			assert.Equal(t, codes.Internal, status.Code(err))
			if tt.text != "" {
				assert.EqualError(t, err, tt.text)
			}
		})
	}

	t.Run("over a connection, streams too", func(t *testing.T) {
		client := dial(t, serve(t, &service{}, fields), fields)
		tenant.Set("Zoë")
		_, err := call(t.Context(), client)
		assert.ErrorIs(t, err, ctxgrpc.ErrMalformed)
		_, err = client.FullDuplexCall(t.Context())
		assert.ErrorIs(t, err, ctxgrpc.ErrMalformed)
	})
}

type accountID string

// Values of each kind of field get from one side to the other as they are.
func TestFieldKinds(t *testing.T) {
	account := ctxvar.New[accountID]("account")
	origin := ctxvar.New[netip.Addr]("origin")
	attempt := ctxvar.New[int]("attempt")
	blob := ctxvar.New[string]("blob")
	story := ctxvar.New[string]("story")
	kinds := []ctxgrpc.Field{
		ctxgrpc.String(account, "account"),
		ctxgrpc.Text(origin, "origin"),
		ctxgrpc.Func(attempt, "attempt",
			func(n int) (string, error) { return strconv.Itoa(n), nil }, strconv.Atoi),
		ctxgrpc.String(blob, "blob-bin"),
		ctxgrpc.String(story, "story_1.txt", ctxgrpc.MaxLen(4000)),
	}
	bytes := "\x00\r\nZoë \xff,"
	var header metadata.MD
	svc := &service{unary: func(ctx context.Context) (string, error) {
		header, _ = metadata.FromIncomingContext(ctx)
		assert.Equal(t, accountID("a1"), account.Get())
		assert.Equal(t, netip.MustParseAddr("192.0.2.1"), origin.Get())
		assert.Equal(t, 3, attempt.Get())
		assert.Equal(t, bytes, blob.Get())
		assert.Len(t, story.Get(), 4000)
		return "", nil
	}}
	client := dial(t, serve(t, svc, kinds), kinds)
	ctxvar.Copy().Run(func() {
		account.Set("a1")
		origin.Set(netip.MustParseAddr("192.0.2.1"))
		attempt.Set(3)
		blob.Set(bytes)
		story.Set(strings.Repeat("y", 4000))
		_, err := call(t.Context(), client)
		require.NoError(t, err)
	})
	assert.Equal(t, []string{"192.0.2.1"}, header["origin"])

	// What the other side can't decode counts as not sent.
	svc.unary = func(ctx context.Context) (string, error) {
		assert.False(t, origin.Get().IsValid())
		assert.Equal(t, 0, attempt.Get())
		return "", nil
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "origin", "localhost", "attempt", "three")
	_, err := call(ctx, dial(t, serve(t, svc, kinds), nil))
	require.NoError(t, err)
}

// From service to service: the second one is called by the first one's handler,
// which has no idea of fields.
func TestFromServiceToService(t *testing.T) {
	last := &service{unary: func(ctx context.Context) (string, error) { return whoami(), nil }}
	toLast := dial(t, serve(t, last, fields), fields)
	first := &service{unary: func(ctx context.Context) (string, error) {
		answers := make(chan string)
		var failed error
		go func() {
			answer, err := call(context.Background(), toLast)
			failed = err
			answers <- answer
		}()
		return <-answers, failed
	}}
	client := dial(t, serve(t, first, fields), fields)

	var header metadata.MD
	got, err := call(metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "<evil>"), client, grpc.Header(&header))
	require.NoError(t, err)
	id, rest, _ := strings.Cut(got, " ")
	assert.Equal(t, "public ", rest)
	assert.Equal(t, []string{id}, header["x-request-id"])
	assert.Len(t, id, 26, "the first service sends on its own ID and not what it was sent")
}

func TestIDOptions(t *testing.T) {
	intercept := ctxgrpc.UnaryServerInterceptor(
		ctxgrpc.RequestID(requestID, ctxgrpc.IDKey("Correlation-ID"), ctxgrpc.IDFunc(func() string { return "made" })))
	stream := &transportStream{}
	ctx := grpc.NewContextWithServerTransportStream(t.Context(), stream)
	got, err := intercept(ctx, nil, nil, func(context.Context, any) (any, error) { return requestID.Get(), nil })
	require.NoError(t, err)
	assert.Equal(t, "made", got)
	assert.Equal(t, metadata.Pairs("correlation-id", "made"), stream.header)
}

func TestMisuse(t *testing.T) {
	decode := func(s string) (string, error) { return s, nil }
	for want, misuse := range map[string]func(){
		"ctxgrpc: Func of a nil function for tenant":                                  func() { ctxgrpc.Func(tenant, "x-tenant", nil, decode) },
		"ctxgrpc: Func of a nil function for locale":                                  func() { ctxgrpc.Func(locale, "locale", decode, nil) },
		"ctxgrpc: IDFunc of a nil function":                                           func() { ctxgrpc.IDFunc(nil) },
		"ctxgrpc: MaxLen of 0 bytes":                                                  func() { ctxgrpc.MaxLen(0) },
		`ctxgrpc: tenant and locale have the same key, "k"`:                           func() { ctxgrpc.UnaryClientInterceptor(ctxgrpc.String(tenant, "k"), ctxgrpc.String(locale, "K")) },
		"ctxgrpc: a zero Field: make it with String, Text, Func, RequestID or Around": func() { ctxgrpc.StreamServerInterceptor(ctxgrpc.Field{}) },
		"ctxgrpc: Around of a nil function":                                           func() { ctxgrpc.Around(nil) },
	} {
		assert.PanicsWithValue(t, want, misuse)
	}
	for _, key := range []string{"", "x tenant", "x-ténant", ":authority", "grpc-timeout", "Grpc-Tenant", "Content-Type", "user-agent", "te", "host"} {
		assert.PanicsWithValue(t,
			"ctxgrpc: "+strconv.Quote(key)+" is no key for tenant: use letters, digits and any of -_. and no name of gRPC's own",
			func() { ctxgrpc.String(tenant, key) })
	}
}
