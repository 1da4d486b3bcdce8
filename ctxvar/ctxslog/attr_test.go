package ctxslog_test

import (
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

func info(l *slog.Logger) { l.Info("m") }

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		reason       string
		attr         ctxslog.Attr
		unset, isSet string // what is written while tenant, which has a default, is unset or set
	}{
		{
			"a default is a value to write",
			ctxslog.Var(tenant), " tenant=public", " tenant=acme",
		},
		{
			"unless it is to be left out",
			ctxslog.Var(tenant, ctxslog.OmitUnset()), "", " tenant=acme",
		},
		{
			"another name",
			ctxslog.Var(tenant, ctxslog.Name("org")), " org=public", " org=acme",
		},
		{
			"the value stays unknown",
			ctxslog.Var(tenant, ctxslog.Redact()), " tenant=[redacted]", " tenant=[redacted]",
		},
		{
			"all at once",
			ctxslog.Var(tenant, ctxslog.Redact(), ctxslog.OmitUnset(), ctxslog.Name("org")), "", " org=[redacted]",
		},
		{
			"a function of the value",
			ctxslog.VarFunc(tenant, firstLetter), " tenant=p", " tenant=a",
		},
		{
			"a function of the value, and options",
			ctxslog.VarFunc(tenant, firstLetter, ctxslog.Name("org"), ctxslog.OmitUnset()), "", " org=a",
		},
		{
			"what is redacted is not asked for",
			ctxslog.VarFunc(tenant, func(string) slog.Value { panic("asked") }, ctxslog.Redact()),
			" tenant=[redacted]", " tenant=[redacted]",
		},
		{
			"a group",
			ctxslog.VarFunc(tenant, nameAndLength), " tenant.name=public tenant.length=6", " tenant.name=acme tenant.length=4",
		},
		{
			"a group without a name is inlined",
			ctxslog.VarFunc(tenant, nameAndLength, ctxslog.Name("")), " name=public length=6", " name=acme length=4",
		},
		{
			"an empty group is left out",
			ctxslog.VarFunc(tenant, func(string) slog.Value { return slog.GroupValue() }), "", "",
		},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			attrs := []ctxslog.Attr{tt.attr}
			assert.Equal(t, tt.unset, logged(attrs, info))
			defer tenant.Set("acme").Reset()
			assert.Equal(t, tt.isSet, logged(attrs, info))
		})
	}
}

func firstLetter(s string) slog.Value { return slog.StringValue(s[:1]) }

func nameAndLength(s string) slog.Value {
	return slog.GroupValue(slog.String("name", s), slog.Int("length", len(s)))
}

func TestNeitherValueNorDefault(t *testing.T) {
	assert.Empty(t, logged([]ctxslog.Attr{ctxslog.Var(requestID)}, info))
	assert.Empty(t, logged([]ctxslog.Attr{ctxslog.Var(requestID, ctxslog.Redact())}, info))
	defer requestID.Set("").Reset()
	assert.Equal(t, ` request_id=""`, logged([]ctxslog.Attr{ctxslog.Var(requestID)}, info), "a value is a value")
}

func TestPanicOfAFunction(t *testing.T) {
	defer requestID.Set("r1").Reset()
	failing := ctxslog.VarFunc(requestID, func(string) slog.Value { panic("no such user") })
	got := logged([]ctxslog.Attr{failing}, func(l *slog.Logger) { l.Info("m", "k", 1) })
	assert.Contains(t, got, "TestPanicOfAFunction", "where it was")
	assert.Contains(t, got, " k=1", "the rest is written")
}

type color int

func (c color) LogValue() slog.Value { return slog.StringValue("green") }

// testKind tests that a value is written as slog writes it.
func testKind[T any](t *testing.T, value T, want slog.Kind) {
	t.Helper()
	v := ctxvar.New[T]("v")
	defer v.Set(value).Reset()
	var got slog.Attr
	h := slog.NewTextHandler(io.Discard, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "v" {
				got = a
			}
			return a
		},
	})
	slog.New(ctxslog.NewHandler(h, ctxslog.Var(v))).Info("m")
	assert.Equal(t, want, got.Value.Kind(), "%T", value)
	assert.True(t, slog.AnyValue(value).Resolve().Equal(got.Value), "%T: %v", value, got)
}

func TestKinds(t *testing.T) {
	testKind(t, "s", slog.KindString)
	testKind(t, -1, slog.KindInt64)
	testKind(t, int64(-2), slog.KindInt64)
	testKind(t, int32(-3), slog.KindInt64)
	testKind(t, uint64(4), slog.KindUint64)
	testKind(t, uint8(5), slog.KindUint64)
	testKind(t, 1.5, slog.KindFloat64)
	testKind(t, true, slog.KindBool)
	testKind(t, time.Second, slog.KindDuration)
	testKind(t, time.Unix(1, 0), slog.KindTime)
	testKind(t, color(1), slog.KindString)
	testKind(t, slog.StringValue("value"), slog.KindString)
	testKind(t, errors.ErrUnsupported, slog.KindAny)
	testKind[any](t, "in an interface", slog.KindString)
	testKind[any](t, nil, slog.KindAny)
	testKind[error](t, nil, slog.KindAny)
}

// A secret variable is written as a secret, however it is given.
func TestSecret(t *testing.T) {
	key := ctxvar.New("api_key", ctxvar.Secret[string]())
	withDefault := ctxvar.New("salt", ctxvar.Secret[string](), ctxvar.Default("pepper"))
	defer key.Set("k1").Reset()
	attrs := []ctxslog.Attr{
		ctxslog.Var(key),
		ctxslog.VarFunc(key, func(s string) slog.Value { return slog.StringValue(s[:1]) }, ctxslog.Name("key")),
		ctxslog.Var(withDefault),
	}
	assert.Equal(t, " api_key=[redacted] key=[redacted] salt=[redacted]", logged(attrs, func(l *slog.Logger) { l.Info("m") }))
}

// A variable for identity is not written where it is unset.
func TestIdentity(t *testing.T) {
	user := ctxvar.New("user", ctxvar.Identity[string](), ctxvar.Default("guest"))
	attrs := []ctxslog.Attr{ctxslog.Var(user)}
	info := func(l *slog.Logger) { l.Info("m") }
	ctxvar.Work(func() {
		user.Set("ada")
		assert.Equal(t, " user=ada", logged(attrs, info))
		ctxvar.Work(func() { assert.Empty(t, logged(attrs, info)) })
	})
}
