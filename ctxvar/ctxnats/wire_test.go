package ctxnats_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar/ctxnats"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/internal/wiretest"
)

var subjects atomic.Int32

// subject returns one that no other test has.
func subject() string { return fmt.Sprint("subject", subjects.Add(1)) }

// message returns a message as an unknown program sends it.
func message(subject string, texts map[string][]string) *nats.Msg {
	return &nats.Msg{Subject: subject, Header: texts}
}

func TestSubscriptions(t *testing.T) {
	nc := connect(t)
	wiretest.Run(t, func(t *testing.T, ctx context.Context, fields []ctxwire.Field, handle wiretest.Handle) wiretest.Sender {
		wire, subject := ctxnats.New(fields...), subject()
		sub, err := nc.Subscribe(subject, wire.Handler(ctx, func(ctx context.Context, msg *nats.Msg) {
			assert.Equal(t, subject, msg.Subject)
			handle(ctx)
		}))
		require.NoError(t, err)
		end(t, sub.Unsubscribe)
		return wiretest.Sender{
			Send: func(ctx context.Context) error {
				msg := nats.NewMsg(subject)
				return wire.Send(ctx, msg, func(context.Context) error { return nc.PublishMsg(msg) })
			},
			Raw: func(t *testing.T, texts map[string][]string) {
				require.NoError(t, nc.PublishMsg(message(subject, texts)))
			},
		}
	})
}

func TestJetStream(t *testing.T) {
	nc := connect(t)
	wiretest.Run(t, func(t *testing.T, ctx context.Context, fields []ctxwire.Field, handle wiretest.Handle) wiretest.Sender {
		wire, subject := ctxnats.New(fields...), subject()
		js, consumer := stream(t, t.Context(), nc, subject)
		consuming, err := consumer.Consume(wire.ConsumeHandler(ctx, func(ctx context.Context, msg jetstream.Msg) {
			assert.NoError(t, msg.Ack())
			handle(ctx)
		}))
		require.NoError(t, err)
		end(t, func() error { consuming.Stop(); <-consuming.Closed(); return nil })
		return wiretest.Sender{
			Send: func(ctx context.Context) error {
				msg := &nats.Msg{Subject: subject}
				return wire.Send(ctx, msg, func(ctx context.Context) error {
					_, err := js.PublishMsg(ctx, msg)
					return err
				})
			},
			Raw: func(t *testing.T, texts map[string][]string) {
				_, err := js.PublishMsg(t.Context(), message(subject, texts))
				require.NoError(t, err)
			},
		}
	})
}

// Fetched messages, and a service's requests, by Receive.
func TestReceive(t *testing.T) {
	nc := connect(t)
	wire := ctxnats.New(wiretest.Fields()...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	wiretest.Tenant.Set("acme")

	js, consumer := stream(t, ctx, nc, "fetched")
	msg := nats.NewMsg("fetched")
	require.NoError(t, wire.Inject(ctx, msg))
	_, err := js.PublishMsg(ctx, msg)
	require.NoError(t, err)
	batch, err := consumer.Fetch(1)
	require.NoError(t, err)
	for msg := range batch.Messages() {
		err := wire.Receive(ctx, msg.Headers(), func(context.Context) error {
			assert.Equal(t, "acme", wiretest.Tenant.Get())
			return context.Canceled
		})
		assert.Equal(t, context.Canceled, err)
		assert.NoError(t, msg.Ack())
	}

	service, err := micro.AddService(nc, micro.Config{Name: "greeter", Version: "1.0.0"})
	require.NoError(t, err)
	end(t, service.Stop)
	require.NoError(t, service.AddEndpoint("greet", micro.HandlerFunc(func(r micro.Request) {
		assert.NoError(t, wire.Receive(ctx, nats.Header(r.Headers()), func(context.Context) error {
			return r.Respond([]byte("hello, " + wiretest.Tenant.Get()))
		}))
	})))
	var reply *nats.Msg
	request := nats.NewMsg("greet")
	require.NoError(t, wire.Send(ctx, request, func(ctx context.Context) (err error) {
		reply, err = nc.RequestMsgWithContext(ctx, request)
		return err
	}))
	assert.Equal(t, "hello, acme", string(reply.Data))
}

// The sent values replace those that the message has, and nothing else.
func TestSendReplaces(t *testing.T) {
	wire := ctxnats.New(wiretest.Fields()...)
	msg := nats.NewMsg("s")
	msg.Header = nats.Header{"X-Tenant": {"by", "hand"}, "X-Request-Id": {"r1"}, "Other": {"1"}}
	wiretest.Tenant.With("acme", func() { require.NoError(t, wire.Inject(t.Context(), msg)) })
	assert.Equal(t, nats.Header{"X-Tenant": {"acme"}, "X-Request-Id": {"r1"}, "Other": {"1"}}, msg.Header)

	bare := &nats.Msg{Subject: "s"}
	require.NoError(t, wire.Inject(t.Context(), bare))
	assert.Nil(t, bare.Header, "there is nothing to send")
	wiretest.Tenant.With(" acme", func() { assert.ErrorIs(t, wire.Inject(t.Context(), bare), ctxwire.ErrMalformed) })
}

// A panic passes through, and leaves the goroutine as it was.
func TestPanics(t *testing.T) {
	wire := ctxnats.New(wiretest.Fields()...)
	handler := wire.Handler(t.Context(), func(context.Context, *nats.Msg) {
		wiretest.Locale.Set("left over")
		panic("boom " + wiretest.Tenant.Get())
	})
	assert.PanicsWithValue(t, "boom acme", func() { handler(message("s", map[string][]string{"X-Tenant": {"acme"}})) })
	assert.Equal(t, " public  nobody", wiretest.Whoami())

	lose := ctxwire.Around(func(context.Context, func(context.Context)) {}, nil)
	assert.PanicsWithError(t, ctxwire.ErrNotCalled.Error(), func() { ctxnats.New(lose).Handler(t.Context(), nil)(nats.NewMsg("s")) })
}

func TestKeys(t *testing.T) {
	for _, key := range []string{"Nats-Msg-Id", "nats-tenant"} {
		assert.PanicsWithError(t, fmt.Sprintf("ctxnats: %q is no key for tenant: keys that begin with Nats- are NATS's own", key),
			func() { ctxnats.New(ctxwire.String(wiretest.Tenant, key)) })
	}
	assert.NotPanics(t, func() { ctxnats.New(ctxwire.String(wiretest.Tenant, "Nats")) })
}
