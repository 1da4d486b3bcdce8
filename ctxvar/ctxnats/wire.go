package ctxnats

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// protocol is what NATS can carry in headers.
var protocol = ctxwire.Protocol{Name: "ctxnats", Key: keyOf, Valid: isValue, Apart: true}

// keyOf returns key, or an error if it is one of NATS's own.
func keyOf(key string) (string, error) {
	if len(key) >= 5 && strings.EqualFold(key[:5], "Nats-") {
		return "", errors.New("keys that begin with Nats- are NATS's own")
	}
	return key, nil
}

// isValue reports whether text gets through NATS as it is: spaces at the ends are cut off.
func isValue(_, text string) bool {
	return ctxwire.IsText(text) && strings.Trim(text, " ") == text
}

// A Wire sends and receives the variables of some fields with messages. [New] makes it. It
// is immutable, and may be used by several goroutines at the same time.
type Wire struct{ wire *ctxwire.Wire }

// New returns a Wire. It panics if two fields that are sent, or two that are received,
// have the same key, or if NATS can't have a field's key.
func New(fields ...ctxwire.Field) *Wire { return &Wire{ctxwire.NewWire(protocol, fields...)} }

// Send sets the variables in the header of msg, which may be nil, and calls publish with
// them, and with a ctx that carries them. It returns what publish returns, or a
// [*ctxwire.FieldError] if a value can't be sent; msg must not be sent then.
//
//	err := wire.Send(ctx, msg, func(ctx context.Context) (err error) {
//		reply, err = nc.RequestMsgWithContext(ctx, msg)
//		return err
//	})
func (w *Wire) Send(ctx context.Context, msg *nats.Msg, publish func(ctx context.Context) error) error {
	return w.wire.Send(ctx, (*outgoing)(msg), publish)
}

// Inject is [Wire.Send] for a message that is published later, or by other means. It
// passes over fields that [ctxwire.Around] made.
func (w *Wire) Inject(ctx context.Context, msg *nats.Msg) error {
	return w.wire.Send(ctx, (*outgoing)(msg), nil)
}

// outgoing is a message that is going to be sent.
type outgoing nats.Msg

// Set makes text the only one under key in the message's header.
func (m *outgoing) Set(key, text string) {
	if m.Header == nil {
		m.Header = nats.Header{}
	}
	m.Header[key] = []string{text}
}

// Receive calls handle as a piece of work of its own, with the variables that ctx carries
// and those that header has on top, and returns what handle returns. It is for what
// [Wire.Handler] and [Wire.ConsumeHandler] don't do: messages that are fetched, and
// requests of package micro, whose Headers convert to a [nats.Header].
func (w *Wire) Receive(ctx context.Context, header nats.Header, handle func(ctx context.Context) error) error {
	return w.wire.Receive(ctx, header, nil, handle)
}

// Handler returns what [nats.Conn.Subscribe] wants, which calls handle for each message as
// [Wire.Receive] does. It panics with [ctxwire.ErrNotCalled] if a field that
// [ctxwire.Around] made loses the message.
func (w *Wire) Handler(ctx context.Context, handle func(ctx context.Context, msg *nats.Msg)) nats.MsgHandler {
	return func(msg *nats.Msg) {
		w.must(ctx, msg.Header, func(ctx context.Context) { handle(ctx, msg) })
	}
}

// ConsumeHandler is [Wire.Handler] for a JetStream consumer's Consume.
func (w *Wire) ConsumeHandler(ctx context.Context, handle func(ctx context.Context, msg jetstream.Msg)) jetstream.MessageHandler {
	return func(msg jetstream.Msg) {
		w.must(ctx, msg.Headers(), func(ctx context.Context) { handle(ctx, msg) })
	}
}

func (w *Wire) must(ctx context.Context, header nats.Header, handle func(context.Context)) {
	if err := w.Receive(ctx, header, func(ctx context.Context) error { handle(ctx); return nil }); err != nil {
		panic(err)
	}
}
