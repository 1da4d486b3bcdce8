package ctxwire

import (
	"context"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// Send sets in out the values of the variables, and calls call, unless it is nil,
// with ctx or with what an [Around] made of it. It returns what call returns.
//
// A value is that of the running goroutine or, if it has none, that in the snapshot
// which ctx carries, see [ctxvar.NewContext]. A variable that has neither is not
// sent, and its default is not either, since that says nothing that the other side
// could not say itself. If a value can't be sent, Send returns a [*FieldError] and
// does not call call, unless [Protocol.Unsent] has it otherwise; what out has then
// is of no use.
func (w *Wire) Send(ctx context.Context, out Outgoing, call func(context.Context) error) error {
	return w.send(ctx, w.fields, out, call)
}

func (w *Wire) send(ctx context.Context, fields []Field, out Outgoing, call func(context.Context) error) error {
	var values values
	for i := range fields {
		f := &fields[i]
		if f.sending != nil && call != nil {
			return f.sending.call(ctx, func(ctx context.Context) error {
				return w.send(ctx, fields[i+1:], out, call)
			})
		}
		if f.encode == nil {
			continue
		}
		text, ok, err := values.text(ctx, f)
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
	return call(ctx)
}

func put(out Outgoing, key, text string) error {
	if limited, ok := out.(Limited); ok {
		return limited.Put(key, text)
	}
	out.Set(key, text)
	return nil
}

// values are where the texts of one message come from.
type values struct {
	own, carried *ctxvar.Context
	looked       bool
}

// text returns the text of the field, and whether there is a value for it.
func (v *values) text(ctx context.Context, f *Field) (string, bool, error) {
	if v.own == nil {
		v.own = ctxvar.Copy()
	}
	if text, ok, err := f.encode(v.own); ok {
		return text, true, err
	}
	if !v.looked {
		v.looked = true
		v.carried, _ = ctxvar.FromContext(ctx)
	}
	if v.carried == nil {
		return "", false, nil
	}
	return f.encode(v.carried)
}
