package ctxhttp_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// inHandler calls look in a handler behind the middleware.
func inHandler(t *testing.T, r *http.Request, look func(), sources ...ctxwire.Field) {
	t.Helper()
	called := false
	h := ctxhttp.Middleware(sources...)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		called = true
		look()
	}))
	h.ServeHTTP(httptest.NewRecorder(), r)
	assert.True(t, called)
}

func cookie(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: name, Value: value}) }
}

func TestFromHeaderAndCookie(t *testing.T) {
	both := []ctxwire.Field{ctxhttp.FromHeader(tenant, "x-tenant"), ctxhttp.FromCookie(requestID, "session")}
	for _, tt := range []struct {
		reason              string
		edit                func(*http.Request)
		tenantWant, session string
	}{
		{"nothing", func(*http.Request) {}, "public", ""},
		{"a header, whose name has no case", header("X-Tenant", "acme"), "acme", ""},
		{"an empty header is a value like any other", header("X-Tenant", ""), "", ""},
		{"a long header", header("X-Tenant", strings.Repeat("x", 257)), "public", ""},
		{"a header that is not UTF-8", header("X-Tenant", "\xff"), "public", ""},
		{"two headers where one is meant are none", header("X-Tenant", "acme", "umbrella"), "public", ""},
		{"a cookie", cookie("session", "s1"), "public", "s1"},
		{"another cookie", cookie("Session", "s1"), "public", ""},
		{"an empty cookie is none", cookie("session", ""), "public", ""},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			inHandler(t, bare(t, tt.edit), func() {
				assert.Equal(t, tt.tenantWant, tenant.Get())
				assert.Equal(t, tt.session, requestID.Get())
			}, both...)
		})
	}

	t.Run("without one, what the server has stays", func(t *testing.T) {
		defer tenant.Set("single").Reset()
		inHandler(t, bare(t), func() { assert.Equal(t, "single", tenant.Get()) }, both...)
	})
	assert.Equal(t, "public", tenant.Get())
}

func TestFrom(t *testing.T) {
	// The second source reads what the first has set.
	sources := []ctxwire.Field{
		ctxhttp.From(attempt, func(r *http.Request) (int, bool) {
			n, err := strconv.Atoi(r.Header.Get("X-Attempt"))
			return n, err == nil
		}),
		ctxhttp.From(tenant, func(r *http.Request) (string, bool) {
			return "tried" + strconv.Itoa(attempt.Get()), attempt.Get() > 1
		}),
	}
	for value, want := range map[string]string{"": "0 public", "1": "1 public", "2": "2 tried2", "x": "0 public"} {
		inHandler(t, bare(t, header("X-Attempt", value)), func() {
			assert.Equal(t, want, strconv.Itoa(attempt.Get())+" "+tenant.Get())
		}, sources...)
	}
}

type accountID string

// A string type of the program's own needs no conversion.
func TestNamedStringTypes(t *testing.T) {
	account := ctxvar.New[accountID]("account")
	inHandler(t, bare(t, header("X-Account", "a1")), func() {
		assert.Equal(t, accountID("a1"), account.Get())
	}, ctxhttp.FromHeader(account, "X-Account"))
	inHandler(t, bare(t, cookie("account", "a2")), func() {
		assert.Equal(t, accountID("a2"), account.Get())
	}, ctxhttp.FromCookie(account, "account"))
	inHandler(t, bare(t, header("X-Request-Id", "a3")), func() {
		assert.Equal(t, accountID("a3"), account.Get())
	}, ctxwire.RequestID(account))
}

func TestMisuse(t *testing.T) {
	for want, misuse := range map[string]func(){
		"ctxhttp.From: nil function for tenant; pass one that finds the value in a request": func() { ctxhttp.From(tenant, nil) },
		`ctxhttp: "Host" is no key for tenant: it is for net/http to see to; From can read the request`: func() {
			ctxhttp.Middleware(ctxhttp.FromHeader(tenant, "Host"))
		},
		`ctxhttp: "content-length" is no key for tenant: it is for net/http to see to; From can read the request`: func() {
			ctxhttp.NewTransport(nil, ctxhttp.ToHeader(tenant, "content-length"))
		},
		`ctxhttp: tenant and request_id have the same key, "X-Id"; give one of them another`: func() {
			ctxhttp.Middleware(ctxwire.String(tenant, "X-Id"), ctxwire.String(requestID, "x-id"))
		},
	} {
		assert.PanicsWithError(t, want, misuse)
	}
}
