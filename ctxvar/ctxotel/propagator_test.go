package ctxotel_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
)

var both = ctxotel.NewPropagator(ctxotel.String(tenant, "tenant"), ctxotel.String(user, "enduser.id"))

// sorted returns the members of a baggage header in order, since OpenTelemetry
// writes them in none.
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
	var carried context.Context
	tenant.With("carried", func() { carried = ctxvar.NewContext(t.Context()) })
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
		{reason: "the ctx has what the goroutine hasn't", ctx: carried, set: func() { user.Set("ada") }, want: "enduser.id=ada,tenant=carried"},
		{reason: "what the goroutine has comes first", ctx: carried, set: func() { tenant.Set("acme") }, want: "tenant=acme"},
		{reason: "others' members stay, with their properties", there: "k=1;p=2,l=%20", set: func() { tenant.Set("acme") }, want: "k=1;p=2,l=%20,tenant=acme"},
		{reason: "a member of the same key is replaced", there: "tenant=old,k=1", set: func() { tenant.Set("acme") }, want: "k=1,tenant=acme"},
		{reason: "but not by nothing", there: "tenant=old,k=1", set: func() { user.Set("ada") }, want: "enduser.id=ada,k=1,tenant=old"},
		{reason: "nothing to send, nothing changes", there: "not baggage", want: "not baggage"},
		{reason: "as long as it may be", set: func() { tenant.Set(strings.Repeat("x", 256)) }, want: "tenant=" + strings.Repeat("x", 256)},
		{reason: "one byte too long", set: func() { tenant.Set(strings.Repeat("x", 257)) }, err: ctxotel.ErrTooLong},
		{reason: "a line", set: func() { tenant.Set("two\nlines"); user.Set("ada") }, want: "enduser.id=ada", err: ctxotel.ErrMalformed},
		{reason: "not UTF-8", set: func() { tenant.Set("\xff") }, err: ctxotel.ErrMalformed},
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
			propagator := ctxotel.NewPropagator(ctxotel.String(tenant, "tenant"), ctxotel.String(user, "enduser.id"))
			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			if tt.set != nil {
				tt.set() // in the goroutine of the subtest
			}
			for range 2 { // and with errors told but once
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
			var memberErr *ctxotel.MemberError
			require.Len(t, *errs, 1)
			require.ErrorAs(t, (*errs)[0], &memberErr)
			assert.ErrorIs(t, memberErr, tt.err)
			assert.Equal(t, "tenant", memberErr.Var)
		})
	}
}

func TestMemberErrorTexts(t *testing.T) {
	for err, want := range map[error]string{
		ctxotel.ErrTooLong:     "ctxotel: tenant is not sent as t: value is longer than allowed: choose a higher MaxLen",
		ctxotel.ErrMalformed:   "ctxotel: tenant is not sent as t: value is not UTF-8, or has control characters: encode it, with Func",
		ctxotel.ErrBaggageFull: "ctxotel: tenant is not sent as t: baggage would have more than 64 members or 8192 bytes: send less",
		errors.New("own"):      "ctxotel: tenant is not sent as t: own",
	} {
		assert.EqualError(t, &ctxotel.MemberError{Var: "tenant", Key: "t", Err: err}, want)
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
			handled(t) // OpenTelemetry tells of malformed headers, once
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

// Where two propagators have read the same variable, the last one holds.
func TestExtractTwice(t *testing.T) {
	other := ctxotel.NewPropagator(ctxotel.String(tenant, "organization"))
	carrier := propagation.MapCarrier{"baggage": "tenant=acme,organization=umbrella,enduser.id=ada"}
	ctx := other.Extract(both.Extract(t.Context(), carrier), carrier)
	ctxotel.With(ctx, func(context.Context) { assert.Equal(t, "umbrella ada", tenant.Get()+" "+user.Get()) })
	ctx = both.Extract(other.Extract(t.Context(), carrier), carrier)
	ctxotel.With(ctx, func(context.Context) { assert.Equal(t, "acme ada", tenant.Get()+" "+user.Get()) })
}

type planID string

func TestMemberKinds(t *testing.T) {
	plan := ctxvar.New[planID]("plan")
	origin := ctxvar.New[netip.Addr]("origin")
	attempt := ctxvar.New[int]("attempt")
	story := ctxvar.New[string]("story")
	errNegative := errors.New("a negative attempt")
	p := ctxotel.NewPropagator(
		ctxotel.String(plan, "plan"),
		ctxotel.Text(origin, "origin"),
		ctxotel.Func(attempt, "attempt", func(n int) (string, error) {
			if n < 0 {
				return "", errNegative
			}
			return strconv.Itoa(n), nil
		}, strconv.Atoi),
		ctxotel.String(story, "story", ctxotel.MaxLen(4000)),
	)
	carrier := propagation.MapCarrier{}
	ctxvar.Copy().Run(func() {
		plan.Set("free")
		origin.Set(netip.MustParseAddr("2001:db8::1"))
		attempt.Set(3)
		story.Set(strings.Repeat("y", 4000))
		p.Inject(t.Context(), carrier)
	})
	ctxotel.With(p.Extract(t.Context(), carrier), func(context.Context) {
		assert.Equal(t, planID("free"), plan.Get())
		assert.Equal(t, netip.MustParseAddr("2001:db8::1"), origin.Get())
		assert.Equal(t, 3, attempt.Get())
		assert.Len(t, story.Get(), 4000)
	})

	// What can't be decoded counts as not sent; what can't be encoded is not.
	carrier = propagation.MapCarrier{"baggage": "origin=localhost,attempt=three,plan=paid"}
	ctxotel.With(p.Extract(t.Context(), carrier), func(context.Context) {
		assert.False(t, origin.Get().IsValid())
		assert.Zero(t, attempt.Get())
		assert.Equal(t, planID("paid"), plan.Get())
	})
	errs := handled(t)
	carrier = propagation.MapCarrier{}
	attempt.With(-1, func() { p.Inject(t.Context(), carrier) })
	assert.Empty(t, carrier)
	require.Len(t, *errs, 1)
	assert.ErrorIs(t, (*errs)[0], errNegative)
}

func TestMisuse(t *testing.T) {
	same := func(s string) (string, error) { return s, nil }
	for want, misuse := range map[string]func(){
		"ctxotel: Func of a nil function for tenant":                func() { ctxotel.Func(tenant, "tenant", nil, same) },
		"ctxotel: Func of a nil function for user":                  func() { ctxotel.Func(user, "user", same, nil) },
		"ctxotel: MaxLen of -1 bytes":                               func() { ctxotel.MaxLen(-1) },
		`ctxotel: tenant and user have the same key, "k"`:           func() { ctxotel.NewPropagator(ctxotel.String(tenant, "k"), ctxotel.String(user, "k")) },
		"ctxotel: a zero Member: make it with String, Text or Func": func() { ctxotel.NewPropagator(ctxotel.Member{}) },
	} {
		assert.PanicsWithValue(t, want, misuse)
	}
	for _, key := range []string{"", "my tenant", "ténant", "a=b", "a,b", "a;b"} {
		assert.PanicsWithValue(t,
			"ctxotel: "+strconv.Quote(key)+" is no key for tenant: use letters, digits and any of !#$%&'*+-.^_`|~",
			func() { ctxotel.String(tenant, key) })
	}
}

// FuzzPropagator checks that what is sent arrives as it is, and that nobody can
// send what could not have been sent.
func FuzzPropagator(f *testing.F) {
	f.Add("acme", "ada", "k=v;p=1,tenant=old")
	f.Add("two\nlines", "", "")
	f.Add("%2C,;=", "ë\xff", ",,,")
	f.Fuzz(func(t *testing.T, tenantSet, userSet, there string) {
		propagator := ctxotel.NewPropagator(ctxotel.String(tenant, "tenant"), ctxotel.String(user, "enduser.id"))
		carrier := propagation.MapCarrier{"baggage": there}
		ctxotel.With(propagator.Extract(t.Context(), carrier), func(context.Context) {
			for _, got := range []string{tenant.Get(), user.Get()} {
				assert.LessOrEqual(t, len(got), ctxotel.DefaultMaxLen)
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
