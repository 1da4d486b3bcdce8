package ctxgrpc_test

import (
	"context"
	"errors"
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
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// sent returns the metadata that goes with a call, or the call's error.
func sent(ctx context.Context, fields ...ctxwire.Field) (metadata.MD, error) {
	var md metadata.MD
	err := ctxgrpc.UnaryClientInterceptor(fields...)(ctx, "/s/m", nil, nil, nil,
		func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
			md, _ = metadata.FromOutgoingContext(ctx)
			return nil
		})
	return md, err
}

func TestClientSends(t *testing.T) {
	// A ctx of other work, or made by another goroutine, counts unchanged.
	carried := make(chan context.Context, 1)
	go tenant.With("carried", func() { carried <- ctxvar.NewContext(t.Context()) })
	fromElsewhere := <-carried
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
			reason: "a ctx that comes from elsewhere counts, and what the goroutine has does not",
			ctx:    fromElsewhere,
			set:    func() { requestID.Set("r1"); tenant.Set("acme") },
			want:   metadata.Pairs("x-tenant", "carried"),
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
	attemptField := ctxwire.Func(attempt, "x-attempt",
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
		{"a long value", func() { tenant.Set(long + "x") }, ctxwire.ErrTooLong,
			"ctxgrpc: tenant as x-tenant: value is longer than allowed: choose a higher MaxLen"},
		{"a line", func() { tenant.Set("acme\r\nx-admin: yes") }, ctxwire.ErrMalformed,
			`ctxgrpc: tenant as x-tenant: value has characters that this protocol can't carry as they are: encode it, with Func, or choose a key that ends with "-bin"`},
		{"beyond ASCII", func() { tenant.Set("Zoë") }, ctxwire.ErrMalformed, ""},
		{"DEL", func() { tenant.Set("\x7f") }, ctxwire.ErrMalformed, ""},
		{"a space before", func() { tenant.Set(" acme") }, ctxwire.ErrMalformed, ""},
		{"a space behind", func() { tenant.Set("acme ") }, ctxwire.ErrMalformed, ""},
		{"an ID that is too long", func() { requestID.Set(long) }, ctxwire.ErrTooLong, ""},
		{"what its function refuses", func() { attempt.Set(-1) }, errNegative, "ctxgrpc: attempt as x-attempt: a negative attempt"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			tt.set()
			_, err := sent(t.Context(), append(fields, attemptField)...)
			var fieldErr *ctxwire.FieldError
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
		assert.ErrorIs(t, err, ctxwire.ErrMalformed)
		_, err = client.FullDuplexCall(t.Context())
		assert.ErrorIs(t, err, ctxwire.ErrMalformed)
	})
}

// The handler of the first service calls the second one, and knows nothing of fields.
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
		ctxwire.RequestID(requestID, ctxwire.IDKey("Correlation-ID"), ctxwire.IDFunc(func() string { return "made" })))
	stream := &transportStream{}
	ctx := grpc.NewContextWithServerTransportStream(t.Context(), stream)
	got, err := intercept(ctx, nil, nil, func(context.Context, any) (any, error) { return requestID.Get(), nil })
	require.NoError(t, err)
	assert.Equal(t, "made", got)
	assert.Equal(t, metadata.Pairs("correlation-id", "made"), stream.header)
}

// A key that ends with "-bin" may have any bytes, and one without may not.
func TestBinaryKeys(t *testing.T) {
	blob := ctxvar.New[string]("blob")
	kinds := []ctxwire.Field{ctxwire.String(blob, "Blob-Bin")}
	bytes := "\x00\r\nZoë \xff,"
	svc := &service{unary: func(ctx context.Context) (string, error) {
		assert.Equal(t, bytes, blob.Get())
		return "", nil
	}}
	defer blob.Set(bytes).Reset()
	_, err := call(t.Context(), dial(t, serve(t, svc, kinds), kinds))
	require.NoError(t, err)
}

func TestKeys(t *testing.T) {
	for _, key := range []string{"x!tenant", "grpc-timeout", "Grpc-Tenant", "Content-Type", "user-agent", "te", "host", "Connection"} {
		assert.PanicsWithError(t,
			"ctxgrpc: "+strconv.Quote(key)+" is no key for tenant: use letters, digits and any of -_. and no name of gRPC's own",
			func() { ctxgrpc.UnaryServerInterceptor(ctxwire.String(tenant, key)) })
	}
	assert.PanicsWithError(t, `ctxgrpc: tenant and locale have the same key, "k"; give one of them another`, func() {
		ctxgrpc.UnaryClientInterceptor(ctxwire.String(tenant, "k"), ctxwire.String(locale, "K"))
	})
}
