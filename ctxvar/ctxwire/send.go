package ctxwire

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Send sets the values of the variables in out, and calls call, unless it is
// nil, with ctx or with the ctx that an [Around] made of it. It returns the
// result of call.
//
// The values are those that [ctxvar.Effective] returns: the running
// goroutine's, or those that ctx carries if they belong to another work. call
// runs with these values, and its ctx carries them. A variable without a value
// is not sent, and neither is its default, which the other side knows itself.
// If a value cannot be sent, Send returns a [*FieldError] and does not call
// call, unless [Protocol.Unsent] is set; the content of out is then of no use.
func (w *Wire) Send(ctx context.Context, out Outgoing, call func(context.Context) error) error {
	return w.send(ctx, w.fields, out, call)
}

func (w *Wire) send(ctx context.Context, fields []Field, out Outgoing, call func(context.Context) error) error {
	values := ctxvar.Effective(ctx)
	for len(fields) > 0 {
		f := &fields[0]
		fields = fields[1:]
		if f.sending != nil && call != nil {
			return w.sendWithin(ctx, f.sending, fields, out, call)
		}
		if f.encode == nil {
			continue
		}
		text, ok, err := f.encode(values)
		if !ok {
			continue
		}
		if err == nil {
			err = w.check(f, text)
		}
		if err == nil {
			err = put(out, f.key, text)
		}
		switch {
		case err == nil:
		case w.protocol.Unsent != nil:
			w.protocol.Unsent(w.errorOf(f, err))
		default:
			return w.errorOf(f, err)
		}
	}
	if call == nil {
		return nil
	}
	// call does not run with the goroutine's own values, because what it calls,
	// such as a client's interceptors, reads variables too. Its ctx carries
	// them, so they survive labels that a tracer puts on the goroutine.
	var err error
	values.Run(func() { err = call(ctxvar.NewContext(ctx)) })
	return err
}

// sendWithin is for sending what receiveWithin is for receiving.
func (w *Wire) sendWithin(ctx context.Context, a around, fields []Field, out Outgoing, call func(context.Context) error) error {
	return a.call(ctx, func(ctx context.Context) error { return w.send(ctx, fields, out, call) })
}

func put(out Outgoing, key, text string) error {
	if limited, ok := out.(Limited); ok {
		return limited.Put(key, text)
	}
	out.Set(key, text)
	return nil
}
