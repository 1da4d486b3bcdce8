package ctxotel_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var both = ctxotel.NewPropagator(ctxwire.String(tenant, "tenant"), ctxwire.String(user, "enduser.id"))

// sorted returns the members of a baggage header in order, since OpenTelemetry writes
// them in no order.
func sorted(header string) string {
	members := strings.Split(header, ",")
	slices.Sort(members)
	return strings.Join(members, ",")
}

// numbered returns a baggage header of n members, each of size bytes.
func numbered(n, size int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf("k%02d=%s", i, strings.Repeat("x", size-4))
	}
	return strings.Join(members, ",")
}

func TestInject(t *testing.T) {
	// A ctx of other work, or made by another goroutine, counts unchanged.
	carried := make(chan context.Context, 1)
	go tenant.With("carried", func() { carried <- ctxvar.NewContext(t.Context()) })
	fromElsewhere := <-carried
	for _, tt := range []struct {
		reason string
		ctx    context.Context
		there  string // in the header
		set    func()
		want   string
		err    error
	}{
		{reason: "neither what is not set nor a default is sent"},
		{reason: "what is set is sent", set: func() { tenant.Set("acme"); user.Set("ada") }, want: "enduser.id=ada,tenant=acme"},
		{reason: "an empty value is one", set: func() { tenant.Set("") }, want: "tenant="},
		{reason: "values are percent-encoded", set: func() { tenant.Set(`Zoë, "A;B" = 100%`) }, want: "tenant=Zo%C3%AB%2C%20%22A%3BB%22%20=%20100%25"},
		{reason: "a ctx from elsewhere counts, and what the goroutine has does not", ctx: fromElsewhere, set: func() { user.Set("ada"); tenant.Set("acme") }, want: "tenant=carried"},
		{reason: "others' members stay, with their properties", there: "k=1;p=2,l=%20", set: func() { tenant.Set("acme") }, want: "k=1;p=2,l=%20,tenant=acme"},
		{reason: "a member of the same key is replaced", there: "tenant=old,k=1", set: func() { tenant.Set("acme") }, want: "k=1,tenant=acme"},
		{reason: "but not by nothing", there: "tenant=old,k=1", set: func() { user.Set("ada") }, want: "enduser.id=ada,k=1,tenant=old"},
		{reason: "nothing to send, nothing changes", there: "not baggage", want: "not baggage"},
		{reason: "as long as it may be", set: func() { tenant.Set(strings.Repeat("x", 256)) }, want: "tenant=" + strings.Repeat("x", 256)},
		{reason: "one byte too long", set: func() { tenant.Set(strings.Repeat("x", 257)) }, err: ctxwire.ErrTooLong},
		{reason: "a line", set: func() { tenant.Set("two\nlines"); user.Set("ada") }, want: "enduser.id=ada", err: ctxwire.ErrMalformed},
		{reason: "not UTF-8", set: func() { tenant.Set("\xff") }, err: ctxwire.ErrMalformed},
		{reason: "the last one that there is room for", there: numbered(63, 10), set: func() { tenant.Set("acme") }, want: numbered(63, 10) + ",tenant=acme"},
		{reason: "one member too many", there: numbered(64, 10), set: func() { tenant.Set("acme") }, want: numbered(64, 10), err: ctxotel.ErrBaggageFull},
		{reason: "but there is room for another value", there: numbered(63, 10) + ",tenant=old", set: func() { tenant.Set("acme") }, want: numbered(63, 10) + ",tenant=acme"},
		{reason: "too many already", there: numbered(65, 10), set: func() { tenant.Set("acme") }, want: numbered(65, 10), err: ctxotel.ErrBaggageFull},
		// 8*1000 bytes and 7 commas, and another comma, leave 184.
		{reason: "the last byte", there: numbered(8, 1000), set: func() { tenant.Set(strings.Repeat("x", 177)) }, want: numbered(8, 1000) + ",tenant=" + strings.Repeat("x", 177)},
		{reason: "one byte too many", there: numbered(8, 1000), set: func() { tenant.Set(strings.Repeat("x", 178)) }, want: numbered(8, 1000), err: ctxotel.ErrBaggageFull},
		{reason: "what counts is what is encoded", there: numbered(8, 1000), set: func() { tenant.Set(strings.Repeat("ë", 30)) }, want: numbered(8, 1000), err: ctxotel.ErrBaggageFull},
		{reason: "another value may be longer", there: numbered(8, 1000) + ",tenant=old", set: func() { tenant.Set(strings.Repeat("x", 177)) }, want: numbered(8, 1000) + ",tenant=" + strings.Repeat("x", 177)},
		{reason: "but not that much", there: numbered(8, 1000) + ",tenant=old", set: func() { tenant.Set(strings.Repeat("x", 178)) }, want: numbered(8, 1000) + ",tenant=old", err: ctxotel.ErrBaggageFull},
		{reason: "too many bytes already", there: numbered(9, 1000), set: func() { tenant.Set("acme") }, want: numbered(9, 1000), err: ctxotel.ErrBaggageFull},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			errs := handled(t)
			propagator := ctxotel.NewPropagator(ctxwire.String(tenant, "tenant"), ctxwire.String(user, "enduser.id"))
			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			if tt.set != nil {
				tt.set() // in the goroutine of the subtest
			}
			for range 2 { // errors are reported only once
				carrier := propagation.MapCarrier{}
				if tt.there != "" {
					carrier.Set("baggage", tt.there)
				}
				propagator.Inject(ctx, carrier)
				assert.Equal(t, sorted(tt.want), sorted(carrier["baggage"]))
				assert.Empty(t, slices.DeleteFunc(slices.Collect(maps.Keys(carrier)), func(k string) bool { return k == "baggage" }))
			}
			if tt.err == nil {
				assert.Empty(t, *errs)
				return
			}
			var fieldErr *ctxwire.FieldError
			require.Len(t, *errs, 1)
			require.ErrorAs(t, (*errs)[0], &fieldErr)
			assert.ErrorIs(t, fieldErr, tt.err)
			assert.Equal(t, "tenant", fieldErr.Var)
		})
	}
}

// OpenTelemetry's own baggage and ours share the header.
func TestBesideBaggage(t *testing.T) {
	composite := propagation.NewCompositeTextMapPropagator(propagation.Baggage{}, both)
	assert.Equal(t, []string{"baggage"}, composite.Fields())
	member, err := baggage.NewMemberRaw("session", "s 1")
	require.NoError(t, err)
	bag, err := baggage.New(member)
	require.NoError(t, err)
	tenant.Set("acme")
	header := http.Header{}
	composite.Inject(baggage.ContextWithBaggage(t.Context(), bag), propagation.HeaderCarrier(header))
	assert.Equal(t, "session=s%201,tenant=acme", sorted(header.Get("Baggage")))

	ctxvar.Empty().Run(func() {
		ctx := composite.Extract(t.Context(), propagation.HeaderCarrier(header))
		assert.Equal(t, "s 1", baggage.FromContext(ctx).Member("session").Value())
		assert.Equal(t, "public", tenant.Get(), "not yet")
		ctxotel.With(ctx, func(context.Context) { assert.Equal(t, "acme", tenant.Get()) })
	})

	// A carrier with several headers, as HTTP may have.
	header = http.Header{"Baggage": {"session=s1", "tenant=old,k=1"}}
	both.Inject(t.Context(), propagation.HeaderCarrier(header))
	assert.Len(t, header["Baggage"], 1)
	assert.Equal(t, "k=1,session=s1,tenant=acme", sorted(header.Get("Baggage")))
}

func TestExtract(t *testing.T) {
	for _, tt := range []struct {
		reason, header string
		want           string
	}{
		{"nothing", "", "public "},
		{"what is there", "tenant=acme,enduser.id=ada", "acme ada"},
		{"what is not chosen", "Tenant=acme,user=ada", "public "},
		{"percent-encoded", "tenant=Zo%C3%AB%2C%20100%25", "Zoë, 100% "},
		{"spaces around and properties", " tenant = acme ; p=1 , k=2", "acme "},
		{"an empty value is one", "tenant=", " "},
		{"a line", "tenant=two%0Alines,enduser.id=ada", "public ada"},
		{"another control character", "tenant=a%C2%85", "public "},
		{"not baggage", "not baggage", "public "},
		{"a member that is not one", "not a member,tenant=acme", "acme "},
		{"too long", "tenant=" + strings.Repeat("x", 257), "public "},
		{"as long as it may be", "tenant=" + strings.Repeat("x", 256), strings.Repeat("x", 256) + " "},
		{"within the members that count", numbered(63, 10) + ",tenant=acme", "acme "},
		{"beyond them", numbered(64, 10) + ",tenant=acme", "public "},
		{"beyond the bytes that count", numbered(9, 1000) + ",tenant=acme", "public "},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			handled(t) // OpenTelemetry reports malformed headers, once
			ctx := both.Extract(t.Context(), propagation.MapCarrier{"baggage": tt.header})
			ctxotel.With(ctx, func(ctx context.Context) {
				assert.Equal(t, tt.want, tenant.Get()+" "+user.Get())
				c, ok := ctxvar.FromContext(ctx)
				if assert.True(t, ok) {
					c.Run(func() { assert.Equal(t, tt.want, tenant.Get()+" "+user.Get()) })
				}
			})
			assert.Equal(t, "public ", tenant.Get()+" "+user.Get())
		})
	}
}

// If two propagators have read the same variable, the last one counts.
func TestExtractTwice(t *testing.T) {
	other := ctxotel.NewPropagator(ctxwire.String(tenant, "organization"))
	carrier := propagation.MapCarrier{"baggage": "tenant=acme,organization=umbrella,enduser.id=ada"}
	ctx := other.Extract(both.Extract(t.Context(), carrier), carrier)
	ctxotel.With(ctx, func(context.Context) { assert.Equal(t, "umbrella ada", tenant.Get()+" "+user.Get()) })
	ctx = both.Extract(other.Extract(t.Context(), carrier), carrier)
	ctxotel.With(ctx, func(context.Context) { assert.Equal(t, "acme ada", tenant.Get()+" "+user.Get()) })
}

func TestMisuse(t *testing.T) {
	assert.PanicsWithError(t, `ctxotel: tenant and user have the same key, "k"; give one of them another`, func() {
		ctxotel.NewPropagator(ctxwire.String(tenant, "k"), ctxwire.String(user, "k"))
	})
	assert.Panics(t, func() { ctxotel.NewPropagator(ctxwire.Field{}) })
}

// FuzzPropagator checks that what is sent arrives unchanged, and that nothing arrives
// that could not have been sent.
func FuzzPropagator(f *testing.F) {
	f.Add("acme", "ada", "k=v;p=1,tenant=old")
	f.Add("two\nlines", "", "")
	f.Add("%2C,;=", "ë\xff", ",,,")
	f.Fuzz(func(t *testing.T, tenantSet, userSet, there string) {
		propagator := ctxotel.NewPropagator(ctxwire.String(tenant, "tenant"), ctxwire.String(user, "enduser.id"))
		carrier := propagation.MapCarrier{"baggage": there}
		ctxotel.With(propagator.Extract(t.Context(), carrier), func(context.Context) {
			for _, got := range []string{tenant.Get(), user.Get()} {
				assert.LessOrEqual(t, len(got), ctxwire.DefaultMaxLen)
				assert.NotContains(t, got, "\n")
			}
		})
		handled(t)
		ctxvar.Copy().Run(func() {
			tenant.Set(tenantSet)
			user.Set(userSet)
			propagator.Inject(t.Context(), carrier)
		})
		if carrier["baggage"] != there {
			assert.LessOrEqual(t, len(carrier["baggage"]), 8192)
			ctxotel.With(propagator.Extract(t.Context(), carrier), func(context.Context) {
				assert.True(t, tenant.Get() == tenantSet || user.Get() == userSet)
			})
		}
	})
}
