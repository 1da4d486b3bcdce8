package ctxnats

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// protocol describes what NATS can carry in headers.
var protocol = ctxwire.Protocol{Name: "ctxnats", Key: keyOf, Valid: isValue, Apart: true}

// keyOf returns key, or an error if it is one of NATS's own.
func keyOf(key string) (string, error) {
	if len(key) >= 5 && strings.EqualFold(key[:5], "Nats-") {
		return "", errors.New("keys that begin with Nats- are NATS's own")
	}
	return key, nil
}

// isValue reports whether NATS carries text unchanged: it removes spaces at the
// ends.
func isValue(_, text string) bool {
	return ctxwire.IsText(text) && strings.Trim(text, " ") == text
}

// A Wire sends and receives the variables of its fields with messages. [New]
// makes one. It is immutable, and several goroutines may use it at the same
// time.
type Wire struct{ wire *ctxwire.Wire }

// New returns a Wire. It panics if two fields that are sent, or two that are
// received, have the same key, or if NATS does not allow a field's key.
func New(fields ...ctxwire.Field) *Wire { return &Wire{ctxwire.NewWire(protocol, fields...)} }

// Send sets the variables in the header of msg, which may be nil, and calls
// publish with the variables set and with a ctx that carries them. It returns
// the result of publish. If a value cannot be sent, Send returns a
// [*ctxwire.FieldError], and msg must not be sent.
//
//	err := wire.Send(ctx, msg, func(ctx context.Context) (err error) {
//		reply, err = nc.RequestMsgWithContext(ctx, msg)
//		return err
//	})
func (w *Wire) Send(ctx context.Context, msg *nats.Msg, publish func(ctx context.Context) error) error {
	return w.wire.Send(ctx, (*outgoing)(msg), publish)
}

// Inject is [Wire.Send] for a message that is published later, or by other
// means. It ignores fields made by [ctxwire.Around].
func (w *Wire) Inject(ctx context.Context, msg *nats.Msg) error {
	return w.wire.Send(ctx, (*outgoing)(msg), nil)
}

// An outgoing is a message that is about to be sent.
type outgoing nats.Msg

// Set sets the text under key in the message's header, replacing all others
// there.
func (m *outgoing) Set(key, text string) {
	if m.Header == nil {
		m.Header = nats.Header{}
	}
	m.Header[key] = []string{text}
}

// Receive calls handle as a work of its own, with the variables that ctx
// carries and those in header on top, and returns the result of handle. It is
// for cases that [Wire.Handler] and [Wire.ConsumeHandler] do not cover:
// messages that are fetched, and requests of package micro, whose Headers
// convert to a [nats.Header].
func (w *Wire) Receive(ctx context.Context, header nats.Header, handle func(ctx context.Context) error) error {
	return w.wire.Receive(ctx, header, nil, handle)
}

// Handler returns a handler for [nats.Conn.Subscribe] that calls handle for
// each message as [Wire.Receive] does. It panics with [ctxwire.ErrNotCalled] if
// a field made by [ctxwire.Around] does not pass the message on.
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
