// Package ctxgrpc gives each RPC its own variables, and sends variables along
// with RPCs: what a client has set is set in the server's handler, and in all
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
// Only what is chosen so travels. Put these options before those with other
// interceptors, which then see the variables too.
//
// # Servers
//
// A handler runs with a copy of the variables of the goroutine that serves, and
// with those of the metadata on top. What it sets is gone when the RPC ends, also
// by a panic, and however goroutines are reused for RPCs. Its ctx carries them, see
// [ctxvar.FromContext].
//
// What a client sends is input like any other: package ctxwire says what is taken for
// none. Here that is what has characters other than printable ASCII ones, too, or a
// space at an end, but see below. Whether clients may be believed, who say which
// tenant or user they act for, is for the server to know; choose for a server that
// anyone can reach only what does no harm. The ID of a request is sent back with the
// header of the response.
//
// # Clients
//
// An RPC is sent with the values that the calling goroutine has or, where it has none,
// with those of the snapshot that ctx carries. What the outgoing metadata of ctx has
// under the same key already is replaced. A value that can't be sent makes the call
// fail with a [*ctxwire.FieldError], whose status has the code Internal, before
// anything is sent.
//
// A client's connections are opened by goroutines that descend from the one that
// called grpc.NewClient, and inherit its variables for as long as they last. Make
// clients when the program starts or, in a request, with [ctxvar.Detach].
//
// # Keys
//
// Keys are made lower-case, as gRPC has them. The value of a key that ends with
// "-bin" may have any bytes; gRPC encodes it.
package ctxgrpc
