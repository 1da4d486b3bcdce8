// Package ctxconnect gives each RPC of Connect variables of its own, and sends
// variables with RPCs: what a client has set is set in the server's handler,
// and in everything that the handler calls, without a parameter.
//
//	var (
//		requestID = ctxvar.New[string]("request_id")
//		tenant    = ctxvar.New[string]("tenant")
//	)
//
//	fields := connect.WithInterceptors(ctxconnect.Interceptor(
//		ctxwire.RequestID(requestID),
//		ctxwire.String(tenant, "X-Tenant"),
//	))
//	mux.Handle(greetv1connect.NewGreetServiceHandler(greeter, fields))
//	client := greetv1connect.NewGreetServiceClient(http.DefaultClient, url, fields)
//
// Only the variables of these fields are sent, in the headers of the RPC, by
// each of Connect's protocols: the other side may also be a client or server of
// gRPC with package ctxgrpc. Put this interceptor before others, which then see
// the variables.
//
// Connect runs over net/http, so [ctxhttp] does the same for everything that a
// server serves, RPCs or not. Use only one of the two on a server: within
// ctxhttp's middleware, this interceptor would begin another work, and see no
// identity set around it.
//
// # Servers
//
// The handling of an RPC is a work (see [ctxvar.Work]). The handler runs with a
// copy of the variables of the serving goroutine, or of those that ctx carries
// if they belong to another work, and with the variables of the RPC on top.
// What it sets is discarded when the RPC ends, even by a panic. Its ctx carries
// its variables (see [ctxvar.FromContext]).
//
// What a client sends is untrusted input: package ctxwire says which values are
// refused. Here, these include values with characters other than printable
// ASCII, or with a space at an end. The server must decide whether to trust
// clients that name a tenant or a user. The ID of a request is sent back with
// the headers of the response, including that of an error.
//
// # Clients
//
// An RPC is sent with the values of the calling goroutine, or with those that
// ctx carries if they belong to another work; a stream with those at the moment
// when it is opened. A value that the request's headers already have under the
// same key is replaced. If a value cannot be sent, the RPC fails with a
// [*connect.Error] before anything is sent. Its code is CodeInternal, and it
// wraps a [*ctxwire.FieldError].
//
// # Keys
//
// The value of a key that ends with "-Bin" may have any bytes, and is encoded
// as Connect and gRPC do. [Interceptor] panics if a field has a key that
// belongs to HTTP, Connect or gRPC.
//
// [ctxhttp]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxhttp
// [ctxvar.Work]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar#Work
// [ctxvar.FromContext]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar#FromContext
package ctxconnect
