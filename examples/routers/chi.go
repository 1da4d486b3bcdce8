package main

import (
	"io"
	"log"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// Chi returns the service under chi.
func Chi(errors *log.Logger) http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.RequestLogger(&middleware.DefaultLogFormatter{Logger: errors, NoColor: true}))
	r.Use(middleware.Recoverer)
	r.Use(vars)
	r.Get("/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, greeting(chi.URLParam(r, "name")))
	})
	r.Get("/later/{name}", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, later(r.Context(), chi.URLParam(r, "name")))
	})
	r.Get("/fail", func(http.ResponseWriter, *http.Request) { fail() })
	r.Get("/chat", chat)
	return r
}
