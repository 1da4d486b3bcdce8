// Package ctxnats sends variables along with messages of NATS, and gives each message
// that is handled its own: what the publisher has set is set in the handler, and in all
// that it calls, without a parameter.
//
//	var (
//		requestID = ctxvar.New[string]("request_id")
//		tenant    = ctxvar.New[string]("tenant")
//	)
//
//	var wire = ctxnats.New(ctxwire.RequestID(requestID), ctxwire.String(tenant, "X-Tenant"))
//
//	err := wire.Send(ctx, msg, func(context.Context) error { return nc.PublishMsg(msg) })
//
//	sub, err := nc.Subscribe("orders", wire.Handler(ctx, func(ctx context.Context, msg *nats.Msg) { … }))
//
// Only what is chosen so travels, in the headers of the message. It is the same for
// requests, JetStream, and services of package micro.
//
// # Handlers
//
// To handle a message is a piece of work, see [ctxvar.Work]. It has the variables that the
// ctx given to [Wire.Handler] carries, see [ctxvar.NewContext], and those of the message on
// top. What the goroutine has that NATS calls the handler in does not count: it has
// inherited the variables of whoever subscribed, maybe in the middle of a request. What
// a handler sets is gone when it returns or panics. Its ctx carries its variables. A panic
// goes on, as it does without this package, and ends the program if nothing recovers it.
//
// What a publisher sends is input like any other: package ctxwire says what is taken for
// none. Whether publishers may be believed, who say which tenant or user they act for, is
// for the program to know.
//
// # Publishers
//
// A message is sent with the values that the calling goroutine has, or with those that ctx
// carries if they are of another piece of work. What the message's header has under the
// same key already is replaced. A value that can't be sent makes [Wire.Send] fail with a
// [*ctxwire.FieldError] before anything is sent.
//
// A subscription, and a connection, have goroutines that keep the values of the one that
// made them for as long as they last. Make those when the program starts or, in a request,
// with [ctxvar.Detach].
//
// # Keys
//
// NATS has keys as they are written: X-Tenant is not x-tenant. Those that begin with
// "Nats-" are its own, and [New] panics if a field has one.
package ctxnats
