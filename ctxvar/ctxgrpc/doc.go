// Package ctxgrpc gives each RPC variables of its own, and sends variables with
// RPCs: what a client has set is set in the server's handler, and in everything
// that the handler calls, without a parameter.
//
//	var (
//		requestID = ctxvar.New[string]("request_id")
//		tenant    = ctxvar.New[string]("tenant")
//	)
//
//	fields := []ctxwire.Field{
//		ctxwire.RequestID(requestID),
//		ctxwire.String(tenant, "X-Tenant"),
//	}
//	server := grpc.NewServer(ctxgrpc.ServerOptions(fields...)...)
//	conn, err := grpc.NewClient(target, append(ctxgrpc.DialOptions(fields...), …)...)
//
// Only the variables of these fields are sent. Put these options before those
// with other interceptors, which then see the variables too.
//
// # Servers
//
// A handler runs with a copy of the variables of the serving goroutine, and
// with those of the metadata on top. What it sets is discarded when the RPC
// ends, even by a panic, and however goroutines are reused for RPCs. Its ctx
// carries its variables (see [ctxvar.FromContext]).
//
// The handling of an RPC is a work (see [ctxvar.Work]). That also holds within
// ctxhttp's middleware, where grpc.Server.ServeHTTP may be: the RPC then sees no
// identity that was set around it.
//
// What a client sends is untrusted input: package ctxwire says which values are
// refused. Here, these include values with characters other than printable
// ASCII, or with a space at an end (but see below). The server must decide
// whether to trust clients that name a tenant or a user; for a server that
// anybody can reach, choose only fields that do no harm. The ID of a request is
// sent back with the header of the response.
//
// # Clients
//
// An RPC is sent with the values of the calling goroutine, or with those that
// ctx carries if they belong to another work (see [ctxvar.Effective]). A value
// that the outgoing metadata of ctx already has under the same key is replaced.
// If a value cannot be sent, the call fails with a [*ctxwire.FieldError], whose
// status has the code Internal, before anything is sent.
//
// A client's connections are opened by goroutines that descend from the one
// that called grpc.NewClient, and they keep its variables for as long as they
// last. Make clients when the program starts or, in a request, within
// [ctxvar.Detach].
//
// # Keys
//
// Keys are lower-cased, as gRPC requires. The value of a key that ends with
// "-bin" may have any bytes; gRPC encodes it.
package ctxgrpc
