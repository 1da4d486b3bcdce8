package ctxkafka

import (
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// protocol describes what Kafka can carry in headers.
var protocol = ctxwire.Protocol{Name: "ctxkafka", Apart: true}

// A Wire sends and receives the variables of its fields with records. [New]
// makes one. It is immutable, and several goroutines may use it at the same
// time.
type Wire struct{ wire *ctxwire.Wire }

// New returns a Wire. It panics if two fields that are sent, or two that are received,
// have the same key.
func New(fields ...ctxwire.Field) *Wire { return &Wire{ctxwire.NewWire(protocol, fields...)} }

// Produce is the client's Produce with the variables in the headers of record.
// If a value cannot be sent, it calls promise at once, with the
// [*ctxwire.FieldError].
//
// promise, which may be nil, has the variables of the work whose values are
// sent, whichever goroutine of the client calls it. These goroutines, some of
// which last as long as the client, inherit nothing from the one that calls
// Produce; the client's hooks find the variables in the ctx of the record.
func (w *Wire) Produce(ctx context.Context, client *kgo.Client, record *kgo.Record, promise func(*kgo.Record, error)) {
	err := w.Send(ctx, record, func(ctx context.Context) error {
		kept := promise
		if promise != nil {
			kept = func(r *kgo.Record, err error) { ctxvar.RunFrom(ctx, func() { promise(r, err) }) }
		}
		ctxvar.Detach(func() { client.Produce(ctx, record, kept) })
		return nil
	})
	if err != nil && promise != nil {
		promise(record, err)
	}
}

// Send sets the variables in the headers of record, and calls produce with the
// variables set and with a ctx that carries them. It returns the result of
// produce. If a value cannot be sent, Send returns a [*ctxwire.FieldError], and
// record must not be sent.
//
//	err := wire.Send(ctx, record, func(ctx context.Context) error {
//		return client.ProduceSync(ctx, record).FirstErr()
//	})
func (w *Wire) Send(ctx context.Context, record *kgo.Record, produce func(ctx context.Context) error) error {
	return w.wire.Send(ctx, (*carrier)(record), produce)
}

// Inject is [Wire.Send] for a record that is produced later, or with others. It
// ignores fields made by [ctxwire.Around].
func (w *Wire) Inject(ctx context.Context, record *kgo.Record) error {
	return w.wire.Send(ctx, (*carrier)(record), nil)
}

// Receive calls handle as a work of its own, with the variables that ctx
// carries and those in the headers of record on top, and returns the result of
// handle.
func (w *Wire) Receive(ctx context.Context, record *kgo.Record, handle func(ctx context.Context) error) error {
	return w.wire.Receive(ctx, (*carrier)(record), nil, handle)
}

// carrier is a record, as package ctxwire reads and writes it.
type carrier kgo.Record

// Values returns the texts under key. A null does not count as a text.
func (c *carrier) Values(key string) []string {
	var texts []string
	for _, h := range c.Headers {
		if h.Key == key && h.Value != nil {
			texts = append(texts, string(h.Value))
		}
	}
	return texts
}

// Set sets the text under key, replacing all others there. The array of headers
// may be shared with other records, so Set does not change it.
func (c *carrier) Set(key, text string) {
	others := slices.DeleteFunc(slices.Clone(c.Headers), func(h kgo.RecordHeader) bool { return h.Key == key })
	c.Headers = append(others, kgo.RecordHeader{Key: key, Value: []byte(text)})
}
