package ctxwire_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/textproto"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// The standard library's headers can be used as carriers directly.
var (
	_ ctxwire.Incoming = http.Header(nil)
	_ ctxwire.Outgoing = http.Header(nil)
	_ ctxwire.Incoming = textproto.MIMEHeader(nil)
	_ ctxwire.Outgoing = textproto.MIMEHeader(nil)
)

var queue = ctxwire.Protocol{Name: "queue"}

var (
	long        = strings.Repeat("x", ctxwire.DefaultMaxLen)
	errNegative = errors.New("a negative attempt")
)

func attemptField(opts ...ctxwire.Option) ctxwire.Field {
	return ctxwire.Func(attempt, "attempt",
		func(n int) (string, error) {
			if n < 0 {
				return "", errNegative
			}
			return strconv.Itoa(n), nil
		},
		strconv.Atoi, opts...)
}

func TestSend(t *testing.T) {
	// A ctx of other work, or made by another goroutine, counts unchanged.
	carried := make(chan context.Context, 1)
	go tenant.With("carried", func() { carried <- ctxvar.NewContext(t.Context()) })
	fromElsewhere := <-carried
	for _, tt := range []struct {
		reason string
		ctx    context.Context
		there  ctxwire.Map
		set    func()
		want   ctxwire.Map
		err    error
		text   string
	}{
		{reason: "neither what is not set nor a default is sent", want: ctxwire.Map{}},
		{reason: "what is set is sent", set: func() { requestID.Set("r1"); tenant.Set("acme"); attempt.Set(0) },
			want: ctxwire.Map{"X-Request-Id": "r1", "tenant": "acme", "attempt": "0"}},
		{reason: "what is empty is a value too, but no ID", set: func() { requestID.Set(""); tenant.Set("") }, want: ctxwire.Map{"tenant": ""}},
		{reason: "what was there is replaced", there: ctxwire.Map{"tenant": "old", "other": "1"}, set: func() { tenant.Set("acme") },
			want: ctxwire.Map{"tenant": "acme", "other": "1"}},
		{reason: "but not by nothing", there: ctxwire.Map{"tenant": "old"}, want: ctxwire.Map{"tenant": "old"}},
		{reason: "a ctx from elsewhere counts, and what the goroutine has does not", ctx: fromElsewhere,
			set: func() { requestID.Set("r1"); tenant.Set("acme") }, want: ctxwire.Map{"tenant": "carried"}},
		{reason: "as long as it may be", set: func() { tenant.Set(long) }, want: ctxwire.Map{"tenant": long}},
		{reason: "too long", set: func() { tenant.Set(long + "x") }, err: ctxwire.ErrTooLong,
			text: "queue: tenant as tenant: value is longer than allowed: choose a higher MaxLen"},
		{reason: "a line", set: func() { tenant.Set("two\nlines") }, err: ctxwire.ErrMalformed,
			text: "queue: tenant as tenant: value has characters that this protocol can't carry as they are: encode it, with Func"},
		{reason: "not UTF-8", set: func() { tenant.Set("\xff") }, err: ctxwire.ErrMalformed},
		{reason: "a control character beyond ASCII", set: func() { tenant.Set("\u0085") }, err: ctxwire.ErrMalformed},
		{reason: "DEL", set: func() { tenant.Set("\x7f") }, err: ctxwire.ErrMalformed},
		{reason: "beyond ASCII", set: func() { tenant.Set("Zoë") }, want: ctxwire.Map{"tenant": "Zoë"}},
		{reason: "what its function refuses", set: func() { attempt.Set(-1) }, err: errNegative, text: "queue: attempt as attempt: a negative attempt"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			wire := ctxwire.NewWire(queue, ctxwire.RequestID(requestID), ctxwire.String(tenant, "tenant"), attemptField())
			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			out := tt.there
			if out == nil {
				out = ctxwire.Map{}
			}
			if tt.set != nil {
				tt.set() // in the goroutine of the subtest
			}
			called := false
			err := wire.Send(ctx, out, func(got context.Context) error {
				called = true
				if _, isCarried := ctxvar.FromContext(ctx); isCarried {
					assert.Equal(t, "carried", tenant.Get(), "what is called runs with what was sent")
				}
				c, ok := ctxvar.FromContext(got)
				assert.True(t, ok)
				assert.True(t, c.Equal(ctxvar.Copy()))
				tenant.Set("left over")
				return nil
			})
			if tt.err == nil {
				require.NoError(t, err)
				assert.True(t, called)
				assert.Equal(t, tt.want, out)
				assert.NotEqual(t, "left over", tenant.Get())
				return
			}
			var fieldErr *ctxwire.FieldError
			require.ErrorAs(t, err, &fieldErr)
			assert.ErrorIs(t, err, tt.err)
			assert.False(t, called)
			if tt.text != "" {
				assert.EqualError(t, err, tt.text)
			}
		})
	}
}

// Send returns the error of the function that it calls.
func TestSendReturns(t *testing.T) {
	failed := errors.New("failed")
	wire := ctxwire.NewWire(queue)
	assert.Equal(t, failed, wire.Send(t.Context(), ctxwire.Map{}, func(context.Context) error { return failed }))
	assert.NoError(t, wire.Send(t.Context(), ctxwire.Map{}, nil))
}

// A protocol that must not fail leaves out values that can't be sent.
func TestUnsent(t *testing.T) {
	var unsent []string
	lenient := ctxwire.Protocol{Name: "lenient", Unsent: func(err *ctxwire.FieldError) { unsent = append(unsent, err.Error()) }}
	wire := ctxwire.NewWire(lenient, attemptField(), ctxwire.String(tenant, "tenant"), ctxwire.String(user, "user"))
	attempt.Set(-1)
	tenant.Set("acme")
	user.Set("ada")
	out := small{Map: ctxwire.Map{}, room: 1}
	require.NoError(t, wire.Send(t.Context(), &out, nil))
	assert.Equal(t, ctxwire.Map{"tenant": "acme"}, out.Map)
	assert.Equal(t, []string{"lenient: attempt as attempt: a negative attempt", "lenient: user as user: full"}, unsent)
}

// small is an Outgoing with room for that many texts.
type small struct {
	ctxwire.Map
	room int
}

func (s *small) Put(key, text string) error {
	if s.room == 0 {
		return errors.New("full")
	}
	s.room--
	s.Set(key, text)
	return nil
}

type accountID string

// Values of each kind of field get from one side to the other unchanged.
func TestFieldKinds(t *testing.T) {
	account := ctxvar.New[accountID]("account")
	origin := ctxvar.New[netip.Addr]("origin")
	story := ctxvar.New[string]("story")
	told := ctxvar.New[string]("told")
	secret := ctxvar.New[string]("secret")
	wire := ctxwire.NewWire(queue,
		ctxwire.String(account, "account"),
		ctxwire.Text(origin, "origin"),
		attemptField(),
		ctxwire.String(story, "story_1.txt", ctxwire.MaxLen(4000)),
		ctxwire.String(told, "told", ctxwire.SendOnly()),
		ctxwire.String(secret, "secret", ctxwire.ReceiveOnly()),
	)
	out := ctxwire.Map{}
	ctxvar.Copy().Run(func() {
		account.Set("a1")
		origin.Set(netip.MustParseAddr("2001:db8::1"))
		attempt.Set(3)
		story.Set(strings.Repeat("y", 4000))
		told.Set("t1")
		secret.Set("s1")
		require.NoError(t, wire.Send(t.Context(), out, nil))
	})
	assert.Equal(t, "2001:db8::1", out["origin"])
	assert.Equal(t, "t1", out["told"])
	assert.NotContains(t, out, "secret")

	out["secret"] = "s2"
	err := wire.Receive(t.Context(), out, nil, func(context.Context) error {
		assert.Equal(t, accountID("a1"), account.Get())
		assert.Equal(t, netip.MustParseAddr("2001:db8::1"), origin.Get())
		assert.Equal(t, 3, attempt.Get())
		assert.Len(t, story.Get(), 4000)
		assert.Empty(t, told.Get())
		assert.Equal(t, "s2", secret.Get())
		return nil
	})
	require.NoError(t, err)
}

// From detects a value that is not text under a key, after the fields before it.
func TestFrom(t *testing.T) {
	wire := ctxwire.NewWire(queue, ctxwire.String(tenant, "tenant"), ctxwire.From(attempt, func(in ctxwire.Incoming) (int, bool) {
		return len(in.(ctxwire.Map)), tenant.Get() == "acme"
	}))
	for want, in := range map[int]ctxwire.Map{1: {"tenant": "acme"}, 0: {"tenant": "other", "more": ""}} {
		require.NoError(t, wire.Receive(t.Context(), in, nil, func(context.Context) error {
			assert.Equal(t, want, attempt.Get())
			return nil
		}))
	}
	attempt.Set(7)
	out := ctxwire.Map{}
	require.NoError(t, wire.Send(t.Context(), out, nil))
	assert.Empty(t, out)
}

// Around takes effect at its place among the fields, on either side.
func TestAround(t *testing.T) {
	var seen []string
	around := func(side string) func(ctx context.Context, rest func(context.Context)) {
		return func(ctx context.Context, rest func(context.Context)) {
			seen = append(seen, side+" "+tenant.Get()+" "+strconv.Itoa(attempt.Get()))
			user.With(side, func() { rest(context.WithValue(ctx, sideKey{}, side)) })
		}
	}
	wire := ctxwire.NewWire(queue, ctxwire.String(tenant, "tenant"), ctxwire.Around(around("in"), around("out")), attemptField())
	out := ctxwire.Map{}
	check := func(side string) func(context.Context) error {
		return func(ctx context.Context) error {
			assert.Equal(t, side, ctx.Value(sideKey{}))
			assert.Equal(t, side, user.Get())
			assert.Equal(t, 3, attempt.Get())
			return nil
		}
	}
	ctxvar.Copy().Run(func() {
		tenant.Set("acme")
		attempt.Set(3)
		require.NoError(t, wire.Send(t.Context(), out, check("out")))
	})
	assert.Equal(t, ctxwire.Map{"tenant": "acme", "attempt": "3"}, out)
	require.NoError(t, wire.Receive(t.Context(), out, nil, check("in")))
	assert.Equal(t, []string{"out acme 3", "in acme 0"}, seen)
	assert.Equal(t, "nobody", user.Get())
}

type sideKey struct{}

// Either side may be without a function, and a function that does not go on makes the
// call fail.
func TestAroundThatIsNotCalled(t *testing.T) {
	lose := func(context.Context, func(context.Context)) {}
	sends := ctxwire.NewWire(queue, ctxwire.Around(nil, lose))
	receives := ctxwire.NewWire(queue, ctxwire.Around(lose, nil))
	called := 0
	count := func(context.Context) error { called++; return nil }
	assert.ErrorIs(t, sends.Send(t.Context(), ctxwire.Map{}, count), ctxwire.ErrNotCalled)
	assert.ErrorIs(t, receives.Receive(t.Context(), ctxwire.Map{}, nil, count), ctxwire.ErrNotCalled)
	assert.Zero(t, called)
	assert.NoError(t, receives.Send(t.Context(), ctxwire.Map{}, count))
	assert.NoError(t, sends.Receive(t.Context(), ctxwire.Map{}, nil, count))
	assert.Equal(t, 2, called)
}

// usageError returns what fn panics with, which must be a *ctxvar.UsageError.
func usageError(t *testing.T, fn func()) (e *ctxvar.UsageError) {
	t.Helper()
	defer func() {
		err, _ := recover().(error)
		require.ErrorAs(t, err, &e)
	}()
	fn()
	return nil
}

func TestMisuse(t *testing.T) {
	same := func(s string) (string, error) { return s, nil }
	nobody := ctxwire.Protocol{Name: "nobody", Key: func(string) (string, error) { return "", errors.New("it has none") }}
	for want, misuse := range map[string]func(){
		"ctxwire.Func: two nil functions for tenant; pass one that encodes, or decodes, or both": func() { ctxwire.Func(tenant, "tenant", nil, nil) },
		"ctxwire.From: nil function for attempt; pass one that finds the value in a message":     func() { ctxwire.From(attempt, nil) },
		"ctxwire.Around: two nil functions; pass one for messages received, or sent, or both":    func() { ctxwire.Around(nil, nil) },
		"ctxwire.IDFunc: nil function; pass one that returns a new ID":                           func() { ctxwire.IDFunc(nil) },
		"ctxwire.OnRefused: nil function; pass one that counts or logs what is refused":          func() { ctxwire.OnRefused(nil) },
		"ctxwire.Option: nil Option; leave it out":                                               func() { ctxwire.String(tenant, "tenant", nil) },
		"ctxwire.RequestID: nil IDOption; leave it out":                                          func() { ctxwire.RequestID(tenant, nil) },
		"ctxwire.MaxLen: 0 bytes; it must be positive":                                           func() { ctxwire.MaxLen(0) },
		`queue: tenant and user have the same key, "k"; give one of them another`:                func() { ctxwire.NewWire(queue, ctxwire.String(tenant, "k"), ctxwire.String(user, "k")) },
		"queue: a zero Field; make it with a function of package ctxwire":                        func() { ctxwire.NewWire(queue, ctxwire.Field{}) },
		`nobody: "tenant" is no key for tenant: it has none`:                                     func() { ctxwire.NewWire(nobody, ctxwire.String(tenant, "tenant")) },
		`queue: tenant and user have the same key, "s"; give one of them another`: func() {
			ctxwire.NewWire(queue, ctxwire.Func(tenant, "s", same, nil), ctxwire.String(user, "s", ctxwire.SendOnly()))
		},
	} {
		assert.EqualError(t, usageError(t, misuse), want)
	}
	for _, key := range []string{"", "my tenant", "ténant", "a=b", "a,b", "a;b", "X-Tenant:", ":authority"} {
		assert.EqualError(t, usageError(t, func() { ctxwire.String(tenant, key) }),
			"ctxwire.Func: "+strconv.Quote(key)+" is no key for tenant; use letters, digits and any of !#$%&'*+-.^_`|~")
	}
	// A field that is only sent and one that is only received do not meet.
	ctxwire.NewWire(queue, ctxwire.Func(tenant, "k", same, nil), ctxwire.Func(user, "k", nil, same))
}
