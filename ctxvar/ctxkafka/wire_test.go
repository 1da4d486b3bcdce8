package ctxkafka_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxkafka"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/internal/wiretest"
)

func TestRecords(t *testing.T) {
	b := start(t)
	producer := b.client(t)
	wiretest.Run(t, func(t *testing.T, ctx context.Context, fields []ctxwire.Field, handle wiretest.Handle) wiretest.Sender {
		wire, topic := ctxkafka.New(fields...), b.topic()
		b.consume(t, topic, func(r *kgo.Record) {
			assert.NoError(t, wire.Receive(ctx, r, func(ctx context.Context) error { handle(ctx); return nil }))
		})
		return wiretest.Sender{
			Send: func(ctx context.Context) error {
				r := &kgo.Record{Topic: topic}
				return wire.Send(ctx, r, func(ctx context.Context) error { return producer.ProduceSync(ctx, r).FirstErr() })
			},
			Raw: func(t *testing.T, texts map[string][]string) {
				r := &kgo.Record{Topic: topic, Headers: []kgo.RecordHeader{{Key: "X-Tenant"}}} // null
				for key, values := range texts {
					for _, text := range values {
						r.Headers = append(r.Headers, kgo.RecordHeader{Key: key, Value: []byte(text)})
					}
				}
				require.NoError(t, producer.ProduceSync(t.Context(), r).FirstErr())
			},
		}
	})
}

// A promise has the variables of its record, and goroutines that the client has started
// for one have none of them.
func TestProduce(t *testing.T) {
	b := start(t)
	wire, topic := ctxkafka.New(wiretest.Fields()...), b.topic()
	hook := &buffered{}
	producer := b.client(t, kgo.WithHooks(hook))
	type result struct{ promised, tenant string }
	results := make(chan result, 1)
	promise := func(r *kgo.Record, err error) {
		assert.NoError(t, err)
		tenant := ""
		if i := slices.IndexFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == "X-Tenant" }); i >= 0 {
			tenant = string(r.Headers[i].Value)
		}
		results <- result{wiretest.Whoami(), tenant}
	}
	for _, tenant := range []string{"acme", "bravo"} {
		ctxvar.Work(func() {
			wiretest.Tenant.Set(tenant)
			wiretest.Locale.Set("de")
			wiretest.Caller.Set("alice")
			wire.Produce(t.Context(), producer, &kgo.Record{Topic: topic}, promise)
			assert.Equal(t, result{" " + tenant + " de alice", tenant}, <-results)
			assert.Equal(t, []string{"public", tenant}, hook.found, "the goroutine's, and the ctx's")
		})
	}
	wire.Produce(t.Context(), producer, &kgo.Record{Topic: topic}, promise)
	assert.Equal(t, result{" public  nobody", ""}, <-results)

	wire.Produce(t.Context(), producer, &kgo.Record{Topic: topic}, nil)
	require.NoError(t, producer.Flush(t.Context()))
	var failed error
	wiretest.Tenant.With("two\nlines", func() {
		wire.Produce(t.Context(), producer, &kgo.Record{Topic: topic}, func(_ *kgo.Record, err error) { failed = err })
		wire.Produce(t.Context(), producer, &kgo.Record{Topic: topic}, nil)
	})
	assert.ErrorIs(t, failed, ctxwire.ErrMalformed)
}

// buffered is a hook that reads the tenant of a record as it is produced.
type buffered struct{ found []string }

func (h *buffered) OnProduceRecordBuffered(r *kgo.Record) {
	h.found = []string{wiretest.Tenant.Get()}
	ctxvar.RunFrom(r.Context, func() { h.found = append(h.found, wiretest.Tenant.Get()) })
}

// The sent values replace those that the record has, and contain nothing of another
// record.
func TestInject(t *testing.T) {
	wire := ctxkafka.New(wiretest.Fields()...)
	shared := []kgo.RecordHeader{{Key: "X-Tenant", Value: []byte("by hand")}, {Key: "X-Tenant"}, {Key: "Other", Value: []byte("1")}}
	before := slices.Clone(shared)
	r := &kgo.Record{Headers: shared}
	wiretest.Tenant.With("acme", func() { require.NoError(t, wire.Inject(t.Context(), r)) })
	assert.Equal(t, []kgo.RecordHeader{{Key: "Other", Value: []byte("1")}, {Key: "X-Tenant", Value: []byte("acme")}}, r.Headers)
	assert.Equal(t, before, shared)
	require.NoError(t, wire.Inject(t.Context(), r))
	assert.Len(t, r.Headers, 2, "not by nothing")
}

// A panic passes through, and leaves the goroutine as it was.
func TestPanics(t *testing.T) {
	wire := ctxkafka.New(wiretest.Fields()...)
	r := &kgo.Record{Headers: []kgo.RecordHeader{{Key: "X-Tenant", Value: []byte("acme")}}}
	assert.PanicsWithValue(t, "boom acme", func() {
		_ = wire.Receive(t.Context(), r, func(context.Context) error {
			wiretest.Locale.Set("left over")
			panic("boom " + wiretest.Tenant.Get())
		})
	})
	assert.Equal(t, " public  nobody", wiretest.Whoami())
}
