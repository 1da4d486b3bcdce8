// Package ctxhttp brings variables to net/http: [Middleware] gives each request
// that a server handles its own, some of them from the request, and a
// [Transport] sends some of them on with each request that a client makes.
//
//	var (
//		requestID = ctxvar.New[string]("request_id")
//		tenant    = ctxvar.New[string]("tenant")
//	)
//
//	func main() {
//		vars := ctxhttp.Middleware(
//			ctxhttp.RequestID(requestID),
//			ctxhttp.FromHeader(tenant, "X-Tenant"),
//		)
//		http.ListenAndServe(":8080", vars(mux))
//	}
//
//	var client = &http.Client{Transport: ctxhttp.NewTransport(nil,
//		ctxhttp.ToHeader(requestID, ctxhttp.RequestIDHeader),
//		ctxhttp.ToHeader(tenant, "X-Tenant"),
//	)}
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
// # What comes from outside
//
// A request may have been made by anyone. [RequestID] takes an ID from it only
// if it is of a modest length and of harmless characters. [FromHeader] and
// [FromCookie] take what there is: whether it is true, and what it allows, is
// for the program to decide, as it is with the header itself.
//
// # Clients
//
// A [Transport] sends what it was told to send to whomever a client talks to,
// wherever redirects lead. Use one client for the services that should know, and
// another for the rest of the world.
//
// The connections that a client opens are kept for later requests, by
// goroutines that inherit the variables of the request for which they are
// opened, and keep their values alive. [Detach] is against that.
//
// [examples]: https://github.com/heirloom-go/heirloom/tree/main/examples/routers
package ctxhttp
