package main

import (
	"io"
	"log"
	"net/http"

	"github.com/gorilla/mux"
)

// Gorilla returns the service under gorilla/mux. The mux has no middleware of
// its own to recover from panics; net/http ends the connection.
func Gorilla(*log.Logger) http.Handler {
	r := mux.NewRouter()
	r.Use(vars)
	r.HandleFunc("/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, greeting(mux.Vars(r)["name"]))
	})
	r.HandleFunc("/later/{name}", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, later(r.Context(), mux.Vars(r)["name"]))
	})
	r.HandleFunc("/fail", func(http.ResponseWriter, *http.Request) { fail() })
	r.HandleFunc("/chat", chat)
	return r
}
