// Package ctxnats sends variables with messages of NATS, and gives each message
// that is handled variables of its own: what the publisher has set is set in
// the handler, and in everything that it calls, without a parameter.
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
// Only the variables of these fields are sent, in the headers of the message.
// This works for requests, JetStream, and services of package micro alike.
//
// # Handlers
//
// The handling of a message is a work (see [ctxvar.Work]). It has the variables
// that the ctx given to [Wire.Handler] carries (see [ctxvar.NewContext]), with
// those of the message on top. The variables of the goroutine in which NATS
// calls the handler are ignored: it has inherited them from the goroutine that
// subscribed, perhaps in the middle of a request. What a handler sets is
// discarded when it returns or panics. Its ctx carries its variables. A panic
// continues, as it does without this package, and ends the program if nothing
// recovers it.
//
// What a publisher sends is untrusted input: package ctxwire says which values
// are refused. The program must decide whether to trust publishers that name a
// tenant or a user.
//
// # Publishers
//
// A message is sent with the values of the calling goroutine, or with those
// that ctx carries if they belong to another work. A value that the message's
// header already has under the same key is replaced. If a value cannot be sent,
// [Wire.Send] fails with a [*ctxwire.FieldError] before anything is sent.
//
// A subscription and a connection have goroutines that keep the values of the
// goroutine that made them for as long as they last. Make them when the program
// starts or, in a request, within [ctxvar.Detach].
//
// # Keys
//
// Keys are case-sensitive: X-Tenant is not x-tenant. Keys that begin with
// "Nats-" belong to NATS, and [New] panics if a field has one.
//
// [ctxvar.Work]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar#Work
// [ctxvar.NewContext]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar#NewContext
// [ctxvar.Detach]: https://pkg.go.dev/github.com/heirloom-go/heirloom/ctxvar#Detach
package ctxnats
