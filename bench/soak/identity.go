package main

import (
	"context"
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// The variables of a request: request and user have its identity, a text that no other
// request has.
var (
	request = ctxvar.New("request", ctxvar.Default("none"))
	user    = ctxvar.New("user", ctxvar.Identity[string]())
	note    = ctxvar.New("note", ctxvar.Default("none")) // set without a reset; no other request may read it
)

// requestKey is the header with the identity of a request. The checks compare it with the
// path or the body, where the identity travels a second time.
const requestKey = "X-Soak-Request"

var fields = []ctxwire.Field{ctxwire.String(request, requestKey)}

// authenticate is the middleware of a request: that of ctxhttp, and one that sets the
// user. The ctx of the request carries both.
func authenticate(next http.Handler) http.Handler {
	return ctxhttp.Middleware(fields...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user.Set(r.Header.Get("Authorization"))
		next.ServeHTTP(w, r.WithContext(ctxvar.NewContext(r.Context())))
	}))
}

// here checks that the running goroutine, which works for want, reads want from
// request and user.
func (c *checks) here(where, want string) {
	c.same(where+": request", want, request.Get())
	got, ok := user.Lookup()
	if !ok {
		got = "unset"
	}
	c.same(where+": user", want, got)
}

// bare checks a job of want that a pool runs without the variables of the request.
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

// by checks the variables of a ctx that was passed as an argument.
func (c *checks) by(ctx context.Context, where, want string) {
	got, ok := request.In(ctxvar.Effective(ctx))
	if !ok {
		got = "unset"
	}
	c.same(where+": by ctx", want, got)
}
