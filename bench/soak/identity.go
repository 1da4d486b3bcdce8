package main

import (
	"context"
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// The identity of a request: all three variables have the same text in one request, and
// another text in every other.
var (
	request = ctxvar.New("request", ctxvar.Default("none"))
	user    = ctxvar.New("user", ctxvar.Identity[string]())
	note    = ctxvar.New("note", ctxvar.Default("none")) // handlers set it without a reset
)

// requestKey is the header with the identity of a request. The value for the checks
// travels separately, in the path or the body, by hand.
const requestKey = "X-Soak-Request"

var fields = []ctxwire.Field{ctxwire.String(request, requestKey)}

// authenticate is the middleware that determines the user. The ctx of the request
// carries what it sets.
func authenticate(next http.Handler) http.Handler {
	return ctxhttp.Middleware(fields...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user.Set(r.Header.Get("Authorization"))
		next.ServeHTTP(w, r.WithContext(ctxvar.NewContext(r.Context())))
	}))
}

// here checks that the running goroutine, which works for want, reads want from every
// variable.
func (c *checks) here(where, want string) {
	c.same(where+": request", want, request.Get())
	got, ok := user.Lookup()
	if !ok {
		got = "unset"
	}
	c.same(where+": user", want, got)
}

// bare checks a job that was given to a pool without saying for whom it is.
func (c *checks) bare(want string) {
	if request.Get() != want {
		c.bareOther.Add(1)
	}
	// The identity is unset, or it is the job's own because the pool started the worker
	// in this very request.
	if got, ok := user.Lookup(); ok {
		c.same("bare job: user", want, got)
	}
}

// by checks the values of a ctx that was passed explicitly.
func (c *checks) by(ctx context.Context, where, want string) {
	got, ok := request.In(ctxvar.Effective(ctx))
	if !ok {
		got = "unset"
	}
	c.same(where+": by ctx", want, got)
}
