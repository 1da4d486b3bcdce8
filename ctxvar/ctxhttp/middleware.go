package ctxhttp

import (
	"context"
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// Middleware returns middleware that makes each request a work (see
// [ctxvar.Work]) with variables of its own: a copy of those of the server's
// goroutine, in which the fields, in their order, have set their variables.
// What the handler sets is discarded when it returns or panics, so the next
// request on the connection, which the same goroutine may serve, sees nothing
// of it.
//
// The server's goroutine has the variables that were set where the server was
// started, such as a logger or a configuration, but a request never has
// variables for identity (see [ctxvar.Identity]) from there. The program
// decides whether other variables should be inherited; to begin with none,
// start the server within [ctxvar.Detach].
//
// The request's ctx carries the variables as they are when [ctxvar.FromContext]
// is called, for code that takes a ctx and runs elsewhere. They include what
// inner handlers have set, such as the authenticated user. For a job that is
// done later, pass on [ctxvar.NewContext] of the ctx, which has the variables
// as they are now; see "Middleware of your own" in the package documentation.
//
// Within another Middleware, for example around a sub-router, it adds its
// fields to the request's variables and does not begin a work. A server whose
// BaseContext is the ctx of another one's request serves requests of its own.
//
// Middleware panics if two of the fields are received under the same header, or
// if one has a key that net/http handles itself, such as Host. Several
// goroutines may use the middleware and its handlers at the same time.
func Middleware(fields ...ctxwire.Field) func(http.Handler) http.Handler {
	wire := ctxwire.NewWire(protocol, fields...)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			in := &incoming{r, w}
			err := wire.Receive(r.Context(), in, in, func(ctx context.Context) error {
				inner := r.WithContext(ctx)
				next.ServeHTTP(w, inner)
				// An inner ServeMux reports what it matched to the handlers
				// around it in their request, but it saw another request.
				r.Pattern = inner.Pattern
				return nil
			})
			if err != nil { // ctxwire.ErrNotCalled, a fault of the program
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		})
	}
}

// An incoming is a request and the place for its answer.
type incoming struct {
	request  *http.Request
	response http.ResponseWriter
}

// Values returns the request's headers with the given name, which is in
// canonical form.
func (in *incoming) Values(name string) []string { return in.request.Header[name] }

// Set sets a header of the response.
func (in *incoming) Set(name, text string) { in.response.Header()[name] = []string{text} }
