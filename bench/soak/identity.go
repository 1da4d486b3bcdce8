package main

import (
	"context"
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// Who a request is: each of the three has the same text in one request, and
// another in every other.
var (
	request = ctxvar.New("request", ctxvar.Default("none"))
	user    = ctxvar.New("user", ctxvar.Identity[string]())
	note    = ctxvar.New("note", ctxvar.Default("none")) // is set to stay by handlers
)

// requestKey is the header that says who a request is. What a check compares with
// travels apart from it, in the path or the body, by hand.
const requestKey = "X-Soak-Request"

var fields = []ctxwire.Field{ctxwire.String(request, requestKey)}

// authenticate is the middleware that finds out the user. What it sets is in the
// request's ctx for those who come later.
func authenticate(next http.Handler) http.Handler {
	return ctxhttp.Middleware(fields...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user.Set(r.Header.Get("Authorization"))
		next.ServeHTTP(w, r.WithContext(ctxvar.NewContext(r.Context())))
	}))
}

// here checks that the running goroutine, which works for want, reads that: every
// variable of it.
func (c *checks) here(where, want string) {
	c.same(where+": request", want, request.Get())
	got, ok := user.Lookup()
	if !ok {
		got = "unset"
	}
	c.same(where+": user", want, got)
}

// bare checks a job that a pool was given without a word of whom it is for.
func (c *checks) bare(want string) {
	if request.Get() != want {
		c.bareOther.Add(1)
	}
	// Unset, or its own: that the pool started the worker in this very request.
	if got, ok := user.Lookup(); ok {
		c.same("bare job: user", want, got)
	}
}

// by checks what a ctx that was given explicitly says.
func (c *checks) by(ctx context.Context, where, want string) {
	got, ok := request.In(ctxvar.Effective(ctx))
	if !ok {
		got = "unset"
	}
	c.same(where+": by ctx", want, got)
}
