package ctxhttp_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
)

// inHandler calls look in a handler behind the middleware.
func inHandler(t *testing.T, r *http.Request, look func(), sources ...ctxhttp.Source) {
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
	both := []ctxhttp.Source{ctxhttp.FromHeader(tenant, "x-tenant"), ctxhttp.FromCookie(requestID, "session")}
	for _, tt := range []struct {
		reason              string
		edit                func(*http.Request)
		tenantWant, session string
	}{
		{"nothing", func(*http.Request) {}, "public", ""},
		{"a header, whose name has no case", header("X-Tenant", "acme"), "acme", ""},
		{"an empty header is none", header("X-Tenant", ""), "public", ""},
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
	sources := []ctxhttp.Source{
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
	}, ctxhttp.RequestID(account))
}

func TestMisuse(t *testing.T) {
	for want, misuse := range map[string]func(){
		"ctxhttp: From with a nil function for tenant":                                    func() { ctxhttp.From(tenant, nil) },
		"ctxhttp: ToHeaderFunc with a nil function for tenant":                            func() { ctxhttp.ToHeaderFunc(tenant, "X-Tenant", nil) },
		"ctxhttp: IDFunc of a nil function":                                               func() { ctxhttp.IDFunc(nil) },
		`ctxhttp: no header can have the name ""`:                                         func() { ctxhttp.FromHeader(tenant, "") },
		`ctxhttp: no header can have the name "X Tenant"`:                                 func() { ctxhttp.FromHeader(tenant, "X Tenant") },
		`ctxhttp: no header can have the name "X-Tenant:"`:                                func() { ctxhttp.ToHeader(tenant, "X-Tenant:") },
		`ctxhttp: no header can have the name "X-Té"`:                                     func() { ctxhttp.IDHeader("X-Té") },
		"ctxhttp: NewTransport of an empty Header: make it with ToHeader or ToHeaderFunc": func() { ctxhttp.NewTransport(nil, ctxhttp.Header{}) },
	} {
		assert.PanicsWithValue(t, want, misuse)
	}
}
