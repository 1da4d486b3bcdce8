package ctxhttp

import (
	"context"
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// Middleware returns middleware that makes each request a piece of work, see
// [ctxvar.Work], with variables of its own: a copy of those the server's goroutine has,
// in which the fields, in their order, have set theirs. What the handler sets is gone
// when it returns or panics, also if it was to stay, so the next request on the
// connection, which the same goroutine may serve, finds nothing of it.
//
// The server's goroutine has what was set where the server was started: a logger, a
// configuration. Variables for identity, see [ctxvar.Identity], a request never has from
// there. Whether others should be there is for the program to say; to begin with none,
// start the server with [ctxvar.Detach].
//
// The request's ctx carries the variables as they are at the moment when
// [ctxvar.FromContext] asks, for what takes a ctx and runs elsewhere: also what a handler
// within has set, the user that it has authenticated say. For a job that is done later,
// hand on [ctxvar.NewContext] of it, which has them as they are now; see "Middleware of
// your own" in the package's documentation.
//
// Within another Middleware, around a sub-router say, it adds its fields to the
// request's variables, and begins no work.
//
// Middleware panics if two of the fields are received under the same header, or if
// one has a key that net/http sees to itself, such as Host. The middleware and its
// handlers may be used by several goroutines at the same time.
func Middleware(fields ...ctxwire.Field) func(http.Handler) http.Handler {
	wire := ctxwire.NewWire(protocol, fields...)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			in := &incoming{r, w}
			err := wire.Receive(r.Context(), in, in, func(ctx context.Context) error {
				inner := r.WithContext(ctx)
				next.ServeHTTP(w, inner)
				// A ServeMux within tells the handlers around it, by their
				// request, what it matched. It has seen another one.
				r.Pattern = inner.Pattern
				return nil
			})
			if err != nil { // ctxwire.ErrNotCalled, which is about the program
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		})
	}
}

// incoming is a request and where its answer goes.
type incoming struct {
	request  *http.Request
	response http.ResponseWriter
}

// Values returns the request's headers of that name, which is in canonical form.
func (in *incoming) Values(name string) []string { return in.request.Header[name] }

// Set sets a header of the response.
func (in *incoming) Set(name, text string) { in.response.Header()[name] = []string{text} }
