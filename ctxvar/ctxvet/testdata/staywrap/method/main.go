// A program whose root handler gives each request variables of its own.
package main

import (
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var user = ctxvar.New[string]("user")

type root struct{ mux *http.ServeMux }

func (h *root) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctxvar.Call(ctxvar.Copy(), func() (int, error) {
		h.mux.ServeHTTP(w, r)
		return 0, nil
	})
}

func handle(w http.ResponseWriter, r *http.Request) { user.Set("x") }

func main() { http.ListenAndServe(":1", &root{}) }
