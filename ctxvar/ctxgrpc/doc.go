// Package ctxgrpc gives each RPC its own variables, and sends variables along
// with RPCs: what a client has set is set in the server's handler, and in all
// that the handler calls, without a parameter.
//
//	var (
//		requestID = ctxvar.New[string]("request_id")
//		tenant    = ctxvar.New[string]("tenant")
//	)
//
//	fields := []ctxgrpc.Field{
//		ctxgrpc.RequestID(requestID),
//		ctxgrpc.String(tenant, "x-tenant"),
//	}
//	server := grpc.NewServer(
//		grpc.ChainUnaryInterceptor(ctxgrpc.UnaryServerInterceptor(fields...)),
//		grpc.ChainStreamInterceptor(ctxgrpc.StreamServerInterceptor(fields...)),
//	)
//	conn, err := grpc.NewClient(target,
//		grpc.WithChainUnaryInterceptor(ctxgrpc.UnaryClientInterceptor(fields...)),
//		grpc.WithChainStreamInterceptor(ctxgrpc.StreamClientInterceptor(fields...)),
//		…)
//
// Only what is chosen so travels. Put the interceptor first of several: those
// after it then see the variables too.
//
// # Servers
//
// A handler runs with a copy of the variables of the goroutine that serves, and
// with those of the metadata on top. What it sets is gone when the RPC ends, also
// by a panic, and however goroutines are reused for RPCs. Its ctx carries a
// snapshot, see [ctxvar.NewContext].
//
// What a client sends is input like any other. A value that is malformed is
// taken for none: one that is longer than [MaxLen] allows, that has characters
// other than printable ASCII ones (but see below), that the field can't decode,
// or that is sent twice. The variable is then what it is without: as the
// goroutine that serves has it, which mostly is unset. Whether clients may be
// believed, who say which tenant or user they act for, is for the server to know;
// choose for a server that anyone can reach only what does no harm.
//
// # Clients
//
// An RPC is sent with the values that the calling goroutine has. Where it has
// none, those of the snapshot that ctx carries are sent, and defaults are not. What
// the outgoing metadata of ctx has under the same key already is replaced: a
// proxy, for one, passes on that of the RPC it has got, and the variable is what
// became of it. A value that can't be sent makes the call fail with a
// [*FieldError] before anything is sent: a tenant that was lost on the way would
// be worse.
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
