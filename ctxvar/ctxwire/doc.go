// Package ctxwire defines which variables are sent from program to program, and
// how. A [Field] says which variable it is, under which key it is sent, how its
// value is encoded as text, and how long the text may be. All adapters take the
// same fields:
//
//	var fields = []ctxwire.Field{
//		ctxwire.RequestID(requestID),
//		ctxwire.String(tenant, "X-Tenant"),
//	}
//
//	handler := ctxhttp.Middleware(fields...)(mux)
//	client := &http.Client{Transport: ctxhttp.NewTransport(nil, fields...)}
//
//	grpc.NewServer(grpc.ChainUnaryInterceptor(ctxgrpc.UnaryServerInterceptor(fields...)), …)
//	ctxotel.NewPropagator(fields...)
//
// Only the variables of these fields are sent. Each adapter writes a key in the
// form of its protocol, and panics, when it is made, if the protocol does not
// allow the key.
//
// # What is sent
//
// A message is sent with the values of the sending goroutine, or with those
// that the message's ctx carries if they belong to another work; see
// [ctxvar.Effective]. So a worker of a pool that is given a request's ctx sends
// that request's values, whichever request started the worker. Variables
// without a value are not sent, and neither are defaults. An empty text is a
// value like any other. A text that the message already has under the key is
// replaced. This matters for a proxy, which passes on the headers that it
// received: the current value of the variable is sent.
//
// If a value cannot be sent, because it is longer than [MaxLen] allows or has
// characters that the protocol cannot carry, sending fails with a [*FieldError]
// before anything is sent, because losing a tenant on the way would be worse.
// (Baggage must not make requests fail, so it leaves the value out and reports
// it.)
//
// # What is received
//
// Anybody may have made a message. A text is refused if it is too long, has
// characters that its protocol would not have carried, came more than once, or
// cannot be decoded. The variable then is as it would be without the text,
// which is usually unset, and [OnRefused] is called if the field has it. No
// input causes a panic.
//
// The program must decide whether to trust senders that name a tenant or a
// user. Give a server that anybody can reach only fields that do no harm; a
// field with [SendOnly] is never received.
//
// # Identity
//
// The handling of a message is a work (see [ctxvar.Work]). It begins with the
// variables of the serving goroutine, such as a logger or a configuration set
// in main, but without variables for identity (see [ctxvar.Identity]): if a
// test starts a server with an identity set, its requests are handled without
// that identity.
//
// A variable declared with [ctxvar.Secret], such as an API key, may be received
// but is never sent: making a field for it that would be sent panics.
//
// # Adapters
//
// An adapter for another protocol makes a [Wire] of a [Protocol] and the given
// fields, calls [Wire.Send] for each outgoing message, and [Wire.Receive] for
// each incoming one. An adapter for a queue sets [Protocol.Apart].
package ctxwire
