// Package ctxhttp brings variables to net/http: [Middleware] gives each request
// that a server handles its own, some of them from the request, and a
// [Transport] sends some of them on with each request that a client makes.
//
//	var (
//		requestID = ctxvar.New[string]("request_id")
//		tenant    = ctxvar.New[string]("tenant")
//	)
//
//	var fields = []ctxwire.Field{
//		ctxwire.RequestID(requestID),
//		ctxwire.String(tenant, "X-Tenant"),
//	}
//
//	func main() {
//		http.ListenAndServe(":8080", ctxhttp.Middleware(fields...)(mux))
//	}
//
//	var client = &http.Client{Transport: ctxhttp.NewTransport(nil, fields...)}
//
// # Servers
//
// What [Middleware] returns fits wherever a func(http.Handler) http.Handler
// does: around a handler, in chi's and gorilla's Use, and in echo's
// WrapMiddleware. For gin it takes a few lines, which are in the [examples].
//
// A handler gets the very [http.ResponseWriter] that the server made, so that
// all it can do, [http.ResponseController] finds: streaming, full duplex,
// hijacking for a WebSocket. Variables are for the goroutine, and live through
// all of this.
//
// A request's ID is sent back with the response. A response to a WebSocket
// handshake is written by the library that does it, which may have to be given
// w.Header().
//
// # Middleware of your own
//
// Middleware that sets a variable for the rest of the request gives the handlers within
// a ctx that has it and goes on having it, too: for workers that know the request by its
// ctx, also when the variable has been reset behind the handler.
//
//	func authenticate(next http.Handler) http.Handler {
//		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
//			u, err := userOf(r)
//			if err != nil {
//				http.Error(w, "who are you?", http.StatusUnauthorized)
//				return
//			}
//			user.With(u, func() {
//				next.ServeHTTP(w, r.WithContext(ctxvar.NewContext(r.Context())))
//			})
//		})
//	}
//
// Without Middleware around it, or [ctxvar.Work], what a handler sets to stay is there in
// the next request on the connection, which may be another user's.
//
// # What comes from outside
//
// A request may have been made by anyone. What a header must be, lest it be taken
// for none, package ctxwire says; whether it is true, and what it allows, is for the
// program to decide. [FromHeader] and [ToHeader] make fields that go one way only.
// For what is no header, [From] has all of the request, and [FromCookie] its
// cookies.
//
// # Clients
//
// A [Transport] sends what it was told to send to whatever a client talks to,
// wherever redirects lead. Use one client for the services that should know, and
// another for the rest of the world.
//
// The connections that a client opens are kept for later requests, by
// goroutines that inherit the variables of the request for which they are
// opened, and keep their values alive. [Detach] is against that.
//
// [examples]: https://github.com/heirloom-go/heirloom/tree/main/examples/routers
package ctxhttp
