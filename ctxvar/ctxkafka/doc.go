// Package ctxkafka sends variables along with records of Kafka, by the client
// github.com/twmb/franz-go, and gives each record that is handled its own: what the producer
// has set is set in the handler, and in all that it calls, without a parameter.
//
//	var (
//		requestID = ctxvar.New[string]("request_id")
//		tenant    = ctxvar.New[string]("tenant")
//	)
//
//	var wire = ctxkafka.New(ctxwire.RequestID(requestID), ctxwire.String(tenant, "X-Tenant"))
//
//	wire.Produce(ctx, client, &kgo.Record{Topic: "orders", Value: order}, promise)
//
//	client.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
//		err := wire.Receive(ctx, r, func(ctx context.Context) error { return handle(ctx, r) })
//		…
//	})
//
// Only what is chosen so travels, in the headers of the record.
//
// # Consumers
//
// To handle a record is a piece of work, see [ctxvar.Work]. It has the variables that the
// ctx given to [Wire.Receive] carries, see [ctxvar.NewContext], and those of the record on
// top. What the goroutine has that polls does not count: one record's variables are never
// another's. What a handler sets is gone when it returns or panics. Its ctx carries its
// variables. A panic goes on. Records of one poll may be handled by several goroutines at
// the same time.
//
// What a producer sends is input like any other: package ctxwire says what is taken for
// none. Whether producers may be believed, who say which tenant or user they act for, is
// for the program to know.
//
// # Producers
//
// A record is sent with the values that the calling goroutine has, or with those that ctx
// carries if they are of another piece of work; see [Wire.Produce]. What the record's
// headers have under the same key already is replaced. A value that can't be sent makes
// producing fail with a [*ctxwire.FieldError] before anything is sent.
//
// Keys are as they are written: X-Tenant is not x-tenant.
package ctxkafka
