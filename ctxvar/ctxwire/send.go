package ctxwire

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Send sets in out the values of the variables, and calls call, unless it is nil,
// with ctx or with what an [Around] made of it. It returns what call returns.
//
// The values are those of the running goroutine, or those that ctx carries if they
// are of another piece of work: what [ctxvar.Effective] returns. call runs with them,
// and its ctx carries them. A variable without a value is not sent, and its default
// is not either, since that says nothing that the other side could not say itself. If
// a value can't be sent, Send returns a [*FieldError] and does not call call, unless
// [Protocol.Unsent] has it otherwise; what out has then is of no use.
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
	// Not with the goroutine's own: what call calls, a client's interceptors say, reads
	// variables too. And in a ctx that carries them they live through labels that a
	// tracer puts on the goroutine.
	var err error
	values.Run(func() { err = call(ctxvar.NewContext(ctx)) })
	return err
}

// sendWithin is to send what receiveWithin is to receive.
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
