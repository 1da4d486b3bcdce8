// Package ctxconnect gives each RPC of Connect its own variables, and sends variables along
// with RPCs: what a client has set is set in the server's handler, and in all that the
// handler calls, without a parameter.
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
// Only what is chosen so travels, in the headers of the RPC, by each of Connect's
// protocols: a client or server of gRPC with package ctxgrpc is the other side too. Put this
// interceptor before others, which then see the variables.
//
// Connect runs over net/http, so [ctxhttp] does the same for all that a server has, RPCs
// or not. Use one of the two on a server: within ctxhttp's middleware this interceptor would
// begin another piece of work, and see no identity that was set around it.
//
// # Servers
//
// To handle an RPC is a piece of work, see [ctxvar.Work]. The handler runs with a copy of
// the variables of the goroutine that serves, or of those that ctx carries if they are of
// another work, and with those of the RPC on top. What it sets is gone when the RPC ends,
// also by a panic. Its ctx carries its variables, see [ctxvar.FromContext].
//
// What a client sends is input like any other: package ctxwire says what is taken for none.
// Here that is what has characters other than printable ASCII ones, too, or a space at an
// end. Whether clients may be believed, who say which tenant or user they act for, is for
// the server to know. The ID of a request is sent back with the headers of the response,
// that of an error included.
//
// # Clients
//
// An RPC is sent with the values that the calling goroutine has, or with those that ctx
// carries if they are of another piece of work; a stream with those at the moment when it
// is opened. What the request's headers have under the same key already is replaced. A
// value that can't be sent makes the RPC fail with a [*connect.Error], whose code is
// CodeInternal and which wraps a [*ctxwire.FieldError], before anything is sent.
//
// # Keys
//
// The value of a key that ends with "-Bin" may have any bytes, and is encoded as Connect
// and gRPC have it. Keys that are of HTTP's, Connect's or gRPC's own make [Interceptor]
// panic.
//
// [ctxhttp]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar/ctxhttp
package ctxconnect
