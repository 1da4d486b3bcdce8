package ctxhttp

import (
	"net/http"
	"slices"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Middleware returns middleware that calls the next handler with variables of
// the request's own: a copy of those the server's goroutine has, in which the
// sources, in their order, have set theirs. What the handler sets is gone when
// it returns or panics, so the next request on the connection, which the same
// goroutine may serve, finds nothing of it.
//
// The request's ctx carries a snapshot of what the sources have set, see
// [ctxvar.NewContext], for what takes a ctx and runs elsewhere, and so that
// variables live through pprof.Do with it.
//
// The middleware and its handlers may be used by several goroutines at the same
// time.
func Middleware(sources ...Source) func(http.Handler) http.Handler {
	sources = slices.Clone(sources)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctxvar.Copy().Run(func() {
				for _, s := range sources {
					s.set(w, r)
				}
				inner := r.WithContext(ctxvar.NewContext(r.Context()))
				next.ServeHTTP(w, inner)
				// A ServeMux within tells the handlers around it, by their
				// request, what it matched. It has seen another one.
				r.Pattern = inner.Pattern
			})
		})
	}
}
