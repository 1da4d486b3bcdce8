// A program in which nothing gives requests variables of their own.
package main

import (
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var user = ctxvar.New[string]("user")

type server struct{}

func (server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user.Set("x") // want `the value stays set for the connection's next request`
}

func handle(w http.ResponseWriter, r *http.Request) {
	user.Set("x") // want `the value stays set`
}

func main() {
	user.Set("main") // to stay
	http.HandleFunc("/", handle)
	http.HandleFunc("/inline", func(w http.ResponseWriter, r *http.Request) {
		user.Set("x") // want `the value stays set`
		user.With("y", func() {})
	})
	http.ListenAndServe(":1", server{})
}
