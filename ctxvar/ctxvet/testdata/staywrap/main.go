// A program with a middleware of its own, and a helper for it.
package main

import (
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"

	"example.com/testdata/staywrap/isolate"
)

var user = ctxvar.New[string]("user")

func handle(w http.ResponseWriter, r *http.Request) { user.Set("x") }

func wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isolate.Apart(func() { next.ServeHTTP(w, r) })
	})
}

func main() {
	http.ListenAndServe(":1", wrap(http.HandlerFunc(handle)))
}
