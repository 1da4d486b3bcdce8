// A program with the middleware.
package main

import (
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
)

var user = ctxvar.New[string]("user")

func handle(w http.ResponseWriter, r *http.Request) { user.Set("x") }

func main() {
	http.ListenAndServe(":1", ctxhttp.Middleware()(http.HandlerFunc(handle)))
}
