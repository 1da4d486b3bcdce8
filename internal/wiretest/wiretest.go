// Package wiretest has the tests that every adapter of ctxwire for a queue must
// pass, with the real queue.
package wiretest

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// The variables that the tests set.
var (
	RequestID = ctxvar.New[string]("request_id")
	Tenant    = ctxvar.New("tenant", ctxvar.Default("public"))
	Locale    = ctxvar.New[string]("locale") // is not sent
	Caller    = ctxvar.New("caller", ctxvar.Identity[string]())
)

// Fields returns those that travel.
func Fields() []ctxwire.Field {
	return []ctxwire.Field{ctxwire.RequestID(RequestID), ctxwire.String(Tenant, "X-Tenant")}
}

// Whoami reads variables as a library would, with no parameter.
func Whoami() string {
	return strings.Join([]string{RequestID.Get(), Tenant.Get(), Locale.Get(), Caller.GetOr("nobody")}, " ")
}

// A Handle handles a message.
type Handle func(ctx context.Context)

// An Open starts what handles messages with the adapter, until the test ends,
// in the running goroutine or in others that descend from it, with ctx and the
// fields. It returns a Sender of messages to it.
type Open func(t *testing.T, ctx context.Context, fields []ctxwire.Field, handle Handle) Sender

// A Sender sends messages to one Open.
type Sender struct {
	// Send sends a message with the adapter and its fields.
	Send func(ctx context.Context) error
	// Raw sends a message as a stranger does, with texts of its own.
	Raw func(t *testing.T, texts map[string][]string)
}

// Run runs the tests.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"each message has its own":            eachHasItsOwn,
		"what the ctx carries is there":       base,
		"an explicit ctx outranks":            explicit,
		"the ctx carries, goroutines inherit": carried,
		"what can't be sent":                  unsent,
		"what is refused":                     refused,
		"around":                              around,
		"a message within another's handling": nested,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// say returns a Handle that sends on what f returns.
func say(f func(ctx context.Context) string) (Handle, <-chan string) {
	said := make(chan string, 1)
	return func(ctx context.Context) { said <- f(ctx) }, said
}

// as calls fn as a work of its own, in which these are set.
func as(id, tenant, caller string, fn func()) {
	ctxvar.Work(func() {
		RequestID.Set(id)
		Tenant.Set(tenant)
		Caller.Set(caller)
		fn()
	})
}

// Neither what the goroutine has that polls, nor what another message's handler has set to
// stay.
func eachHasItsOwn(t *testing.T, open Open) {
	handle, said := say(func(context.Context) string {
		found := Whoami()
		Locale.Set("left over")
		Tenant.Set("left over")
		Caller.Set("left over")
		return found
	})
	var s Sender
	as("opener", "opener", "admin", func() {
		Locale.Set("de")
		s = open(t, t.Context(), Fields(), handle)
	})
	for range 2 {
		as("r1", "acme", "alice", func() {
			require.NoError(t, s.Send(t.Context()))
			assert.Equal(t, "r1 acme  nobody", <-said)
		})
		as("r2", "", "", func() {
			require.NoError(t, s.Send(t.Context()))
			assert.Equal(t, "r2   nobody", <-said, "what is empty is a value too")
		})
		require.NoError(t, s.Send(t.Context()))
		id, rest, _ := strings.Cut(<-said, " ")
		assert.Len(t, id, 26, "a new ID")
		assert.Equal(t, "public  nobody", rest)
	}
}

func base(t *testing.T, open Open) {
	handle, said := say(func(context.Context) string { return Whoami() })
	var s Sender
	as("r0", "base", "admin", func() {
		Locale.Set("de")
		s = open(t, ctxvar.NewContext(t.Context()), Fields()[1:], handle)
	})
	require.NoError(t, s.Send(t.Context()))
	assert.Equal(t, "r0 base de nobody", <-said)
	Tenant.With("acme", func() { require.NoError(t, s.Send(t.Context())) })
	assert.Equal(t, "r0 acme de nobody", <-said)
}

func explicit(t *testing.T, open Open) {
	handle, said := say(func(context.Context) string { return Whoami() })
	s := open(t, t.Context(), Fields(), handle)
	var elsewhere context.Context
	as("r2", "bravo", "bob", func() { elsewhere = ctxvar.NewContext(t.Context()) })
	as("r1", "acme", "alice", func() {
		require.NoError(t, s.Send(elsewhere))
		assert.Equal(t, "r2 bravo  nobody", <-said)
		newer := ctxvar.NewContext(t.Context())
		Tenant.Set("newer")
		require.NoError(t, s.Send(newer))
		assert.Equal(t, "r1 newer  nobody", <-said, "of one work, what the goroutine has is the newer")
	})
}

func carried(t *testing.T, open Open) {
	handle, said := say(func(ctx context.Context) string {
		Locale.Set("fr")
		inherited := make(chan string)
		go func() { inherited <- Whoami() }()
		found := <-inherited
		go ctxvar.RunFrom(ctx, func() { inherited <- Whoami() })
		return found + "/" + <-inherited
	})
	s := open(t, t.Context(), Fields(), handle)
	as("r1", "acme", "alice", func() { require.NoError(t, s.Send(t.Context())) })
	assert.Equal(t, "r1 acme fr nobody/r1 acme fr nobody", <-said)
}

func unsent(t *testing.T, open Open) {
	handle, said := say(func(context.Context) string { return Whoami() })
	s := open(t, t.Context(), Fields(), handle)
	for value, want := range map[string]error{
		"two\nlines": ctxwire.ErrMalformed,
		"\xff":       ctxwire.ErrMalformed,
		strings.Repeat("x", ctxwire.DefaultMaxLen+1): ctxwire.ErrTooLong,
	} {
		Tenant.With(value, func() {
			err := s.Send(t.Context())
			var e *ctxwire.FieldError
			require.ErrorAs(t, err, &e)
			assert.ErrorIs(t, err, want)
			assert.Equal(t, "tenant", e.Var)
		})
	}
	as("r1", "Zoë & Söhne", "", func() { require.NoError(t, s.Send(t.Context())) })
	assert.Equal(t, "r1 Zoë & Söhne  nobody", <-said, "the first that was sent")
}

func refused(t *testing.T, open Open) {
	var why []error
	fields := append(Fields()[:1:1], ctxwire.String(Tenant, "X-Tenant",
		ctxwire.OnRefused(func(e *ctxwire.FieldError) { why = append(why, e.Err) })))
	handle, said := say(func(context.Context) string { return Whoami() })
	s := open(t, t.Context(), fields, handle)
	for _, tt := range []struct {
		texts map[string][]string
		want  string // "" for a new ID and no tenant
		err   error
	}{
		{nil, "", nil},
		{map[string][]string{"Other": {"1"}}, "", nil},
		{map[string][]string{"X-Request-Id": {"r1"}, "X-Tenant": {"acme"}}, "r1 acme  nobody", nil},
		{map[string][]string{"X-Tenant": {strings.Repeat("x", 10_000)}}, "", ctxwire.ErrTooLong},
		{map[string][]string{"X-Tenant": {"a\x01b"}}, "", ctxwire.ErrMalformed},
		{map[string][]string{"X-Tenant": {"a", "b"}}, "", ctxwire.ErrRepeated},
		{map[string][]string{"X-Request-Id": {"<script>"}}, "", nil},
		{map[string][]string{"traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}},
			"4bf92f3577b34da6a3ce929d0e0e4736 public  nobody", nil},
	} {
		why = nil
		s.Raw(t, tt.texts)
		found := <-said
		if tt.want == "" {
			id, rest, _ := strings.Cut(found, " ")
			assert.Len(t, id, 26, "%v", tt.texts)
			assert.Equal(t, "public  nobody", rest, "%v", tt.texts)
		} else {
			assert.Equal(t, tt.want, found)
		}
		if tt.err == nil {
			assert.Empty(t, why)
		} else {
			assert.Equal(t, []error{tt.err}, why)
		}
	}
}

func around(t *testing.T, open Open) {
	set := func(ctx context.Context, rest func(context.Context)) { Locale.With("around", func() { rest(ctx) }) }
	tenantLate := func(ctx context.Context, rest func(context.Context)) { Tenant.With("within", func() { rest(ctx) }) }
	handle, said := say(func(ctx context.Context) string {
		c, _ := ctxvar.FromContext(ctx)
		locale, _ := Locale.In(c)
		return Whoami() + " " + locale
	})
	s := open(t, t.Context(), append([]ctxwire.Field{ctxwire.Around(set, tenantLate)}, Fields()...), handle)
	as("r1", "acme", "", func() { require.NoError(t, s.Send(t.Context())) })
	assert.Equal(t, "r1 within around nobody around", <-said)

	lose := func(context.Context, func(context.Context)) {}
	s = open(t, t.Context(), []ctxwire.Field{ctxwire.Around(nil, lose)}, handle)
	assert.ErrorIs(t, s.Send(t.Context()), ctxwire.ErrNotCalled)
}

// A handler may take other messages, with the ctx it has: they are works of their own.
func nested(t *testing.T, open Open) {
	inner, innerSaid := say(func(context.Context) string {
		found := Whoami()
		Caller.Set("inner")
		return found + " " + Caller.GetOr("nobody")
	})
	opened := make(chan Sender)
	outer, outerSaid := say(func(ctx context.Context) string {
		Caller.Set("alice")
		opened <- open(t, ctx, Fields(), inner)
		return Whoami()
	})
	s := open(t, t.Context(), Fields(), outer)
	as("r1", "acme", "", func() { require.NoError(t, s.Send(t.Context())) })
	within := <-opened
	require.Equal(t, "r1 acme  alice", <-outerSaid)
	as("r2", "bravo", "", func() { require.NoError(t, within.Send(t.Context())) })
	assert.Equal(t, "r2 bravo  nobody inner", <-innerSaid)
}
