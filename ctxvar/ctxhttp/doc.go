// Package ctxhttp brings variables to net/http. [Middleware] gives each request
// that a server handles variables of its own, some of them taken from the
// request. A [Transport] sends some variables with each request that a client
// makes.
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
// The result of [Middleware] can be used wherever a func(http.Handler)
// http.Handler is expected: around a handler, in the Use of chi and gorilla,
// and in echo's WrapMiddleware. For gin it takes a few lines, which are in the
// [examples].
//
// A handler gets the original [http.ResponseWriter] of the server, so
// [http.ResponseController] finds all its abilities: streaming, full duplex,
// hijacking for a WebSocket. Variables belong to the goroutine, and survive all
// of these.
//
// HTTP/2 needs nothing special, and neither does HTTP/2 without TLS in
// [http.Server.Protocols]. The older h2c.NewHandler of golang.org/x/net serves a
// connection within its first request. So it belongs around Middleware: inside,
// all requests of the connection would inherit the variables of the first, and
// be one work.
//
// A request's ID is sent back with the response. The response to a WebSocket
// handshake is written by the WebSocket library, which may need to be given
// w.Header().
//
// # Middleware of your own
//
// Middleware that sets a variable for the rest of the request should also give
// inner handlers a ctx that carries a snapshot with the variable. Workers that
// use the request's ctx then have the variable even after it has been reset.
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
// Without Middleware or [ctxvar.Work] around it, what a handler sets and does
// not reset is still set in the next request on the connection, which may be
// another user's.
//
// # Incoming requests
//
// Anybody may have made a request. Package ctxwire says which header values are
// refused; the program must decide whether a value is true, and what it
// permits. [FromHeader] and [ToHeader] make fields for one direction only. For
// values that are not in a header, [From] has access to the whole request, and
// [FromCookie] to its cookies.
//
// # Clients
//
// A [Transport] sends its variables to every server that the client talks to,
// including those to which redirects lead. Use one client for the services that
// should know them, and another for all others.
//
// The connections that a client opens are kept for later requests, by
// goroutines that inherit the variables of the request for which they are
// opened, and keep their values alive. [Detach] prevents that.
//
// [examples]: https://github.com/heirloom-go/heirloom/tree/main/examples/routers
package ctxhttp
