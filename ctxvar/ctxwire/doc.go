// Package ctxwire says which variables travel from program to program, and how: a
// [Field] is a variable, the key it has in a header, how its value is written as
// text, and how long that may be. All adapters take the same fields:
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
// Nothing travels but what is chosen so. Each adapter writes a key as its protocol
// has it, and panics, when it is made, if the protocol can't have it.
//
// # What is sent
//
// A message is sent with the values of the goroutine that sends it, or with those
// that the message's ctx carries if they are of another piece of work: see
// [ctxvar.Effective]. So a worker of a pool that is given a request's ctx sends in
// that request's name, whoever has started the worker. What is not set is not sent;
// defaults are not. An empty text is a value like any other. What the message has under the key already is replaced: a proxy, for one,
// passes on the headers that it has got, and the variable is what became of them.
//
// A value that can't be sent, because it is longer than [MaxLen] allows or has
// characters that the protocol can't carry, makes sending fail with a [*FieldError]
// before anything is sent: a tenant that was lost on the way would be worse.
// (Baggage, which must not make requests fail, leaves it out and reports it.)
//
// # What comes in
//
// A message may have been made by anyone. A text is refused if it is too long, has
// characters that its protocol would not have carried, came more than once, or
// can't be decoded. The variable is then what it is without, which mostly is unset,
// and [OnRefused] is called if the field has it. No input makes anything panic.
//
// Whether others may be believed, who say which tenant or user they act for, is for
// the program to know. Give a server that anyone can reach only fields that do no
// harm; [SendOnly] makes a field that nobody can set.
//
// # Whose it is
//
// To handle a message is a piece of work, see [ctxvar.Work]. It begins with what the
// goroutine that serves has, a logger or configuration set in main, but never with an
// identity, see [ctxvar.Identity]: a server that a test has started as somebody serves
// its requests as nobody.
//
// A variable that is marked with [ctxvar.Secret] may be received, as an API key is, and
// is never sent: to make a field of it that would be sent panics.
//
// # Adapters
//
// An adapter for another protocol makes a [Wire] of a [Protocol] and the fields it
// is given, and calls [Wire.Send] for each message that goes out and [Wire.Receive]
// for each that comes in. One for a queue sets [Protocol.Apart].
package ctxwire
