// Package ctxkafka sends variables with records of Kafka, through the client
// github.com/twmb/franz-go, and gives each record that is handled variables of
// its own: what the producer has set is set in the handler, and in everything
// that it calls, without a parameter.
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
// Only the variables of these fields are sent, in the headers of the record.
//
// # Consumers
//
// The handling of a record is a work (see [ctxvar.Work]). It has the variables
// that the ctx given to [Wire.Receive] carries (see [ctxvar.NewContext]), with
// those of the record on top. The variables of the polling goroutine are
// ignored, so one record's variables never get into another's handling. What a
// handler sets is discarded when it returns or panics. Its ctx carries its
// variables. A panic continues. Several goroutines may handle records of one
// poll at the same time.
//
// What a producer sends is untrusted input: package ctxwire says which values
// are refused. The program must decide whether to trust producers that name a
// tenant or a user.
//
// # Producers
//
// A record is sent with the values of the calling goroutine, or with those that
// ctx carries if they belong to another work; see [Wire.Produce]. A value that
// the record's headers already have under the same key is replaced. If a value
// cannot be sent, producing fails with a [*ctxwire.FieldError] before anything
// is sent.
//
// Keys are case-sensitive: X-Tenant is not x-tenant.
package ctxkafka
