package ctxwire

import (
	"context"
	"slices"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// Receive handles a message as a work of its own (see [ctxvar.Work]). It calls
// handle with a copy of the running goroutine's variables, or of those that ctx
// carries if they belong to another work, after the fields, in their order,
// have set their variables from in. Variables for identity that were set before
// are not readable in the work. What handle sets is discarded when it returns
// or panics. Receive returns the result of handle.
//
// handle's ctx descends from ctx and carries these variables as they are when
// [ctxvar.FromContext] is called. So what inner code sets for the rest of the
// work, such as the authenticated user, is available wherever this ctx is used.
// [ctxvar.NewContext], in contrast, carries the variables as they are now,
// whatever is set or reset later.
//
// If ctx shows that a Wire of the same protocol is already handling a message,
// Receive adds to that work and does not begin one: middleware of a router's
// sub-router keeps what the middleware around it has set. It begins one if that
// message has been handled, or came in another way ([Protocol.Through]).
//
// A text is refused, and its variable left unchanged, if the text is longer
// than [MaxLen] allows, has characters that the protocol would not have
// carried, came more than once, or cannot be decoded. Before handle is called,
// texts to be sent back, such as an ID, are set in reply, unless reply is nil.
//
// With [Protocol.Apart], the variables of the running goroutine are ignored,
// and each message is a work of its own.
func (w *Wire) Receive(ctx context.Context, in Incoming, reply Outgoing, handle func(context.Context) error) error {
	env := w.env(ctx)
	var err error
	rest := func() { err = w.receive(ctx, env, w.fields, in, reply, handle) }
	// With one variable for both methods, rest would escape to the heap.
	if w.isPart(ctx) {
		env.Run(rest)
	} else {
		env.RunWork(rest)
	}
	return err
}

// isPart reports whether a message that came with ctx belongs to a message that
// is being handled.
func (w *Wire) isPart(ctx context.Context) bool {
	if w.protocol.Apart {
		return false
	}
	h, ok := ctx.Value(w.handling).(*handling)
	if !ok || h.env.WorkIsOver() {
		return false
	}
	through := w.protocol.Through
	return through == nil || h.Context.Value(through) == ctx.Value(through)
}

// env returns an environment with the variables for handling a message. It is
// not shared, so nobody else runs it.
func (w *Wire) env(ctx context.Context) *gls.Env {
	if !w.protocol.Apart {
		return (*gls.Env)(ctxvar.Effective(ctx))
	}
	if carried, ok := ctxvar.FromContext(ctx); ok {
		return (*gls.Env)(carried)
	}
	return (*gls.Env)(ctxvar.Empty())
}

// handlingKey is the key under which a ctx has the [handling] of a message of
// the protocol with that name.
type handlingKey string

// A handling is the ctx with which a message is handled. It carries the variables
// of that, instead of those that its parent may carry.
type handling struct {
	context.Context
	protocol any // a handlingKey
	env      *gls.Env
}

func (h *handling) Value(key any) any {
	switch {
	case gls.AsksVariables(key):
		return gls.Variables(key, h.Context, h.env)
	case key == h.protocol:
		return h
	}
	return h.Context.Value(key)
}

// receive handles a message in env, which is being run. env is nil if it is not
// known.
func (w *Wire) receive(ctx context.Context, env *gls.Env, fields []Field, in Incoming, reply Outgoing, handle func(context.Context) error) error {
	for len(fields) > 0 {
		f := &fields[0]
		fields = fields[1:]
		if f.receiving != nil {
			return w.receiveWithin(ctx, f.receiving, fields, in, reply, handle)
		}
		w.set(f, in, reply)
	}
	if env != nil {
		return handle(&handling{ctx, w.handling, env})
	}
	env = (*gls.Env)(ctxvar.Copy())
	var err error
	env.Run(func() { err = handle(&handling{ctx, w.handling, env}) })
	return err
}

// receiveWithin is receive within a field made by Around. It is separate from
// receive because its closure would make receive's variables escape to the
// heap.
func (w *Wire) receiveWithin(ctx context.Context, a around, fields []Field, in Incoming, reply Outgoing, handle func(context.Context) error) error {
	return a.call(ctx, func(ctx context.Context) error {
		return w.receive(ctx, nil, fields, in, reply, handle)
	})
}

// Set sets the variables in the running goroutine from in, as Receive does for
// its handle, but for the rest of the goroutine. It skips fields made by
// [Around].
func (w *Wire) Set(in Incoming) {
	for i := range w.fields {
		w.set(&w.fields[i], in, nil)
	}
}

// set sets the variable of one field from in, if the text there is well-formed.
func (w *Wire) set(f *Field, in Incoming, reply Outgoing) {
	if f.from != nil {
		f.from(in)
	}
	if f.decode == nil {
		return
	}
	found := in.Values(f.key)
	err := w.decode(f, found)
	if err != nil && f.refused != nil {
		f.refused(w.errorOf(f, err))
	}
	if f.identity == nil {
		return
	}
	id, isNew := f.identity.find(in, f.key, w.traceparent)
	if isNew {
		f.identity.set(id)
	}
	if reply != nil {
		reply.Set(f.key, id)
	}
}

// decode sets the variable to the value found under the field's key, if any.
func (w *Wire) decode(f *Field, found []string) error {
	switch len(found) {
	case 0:
		return nil
	case 1:
		if err := w.check(f, found[0]); err != nil {
			return err
		}
		return f.decode(found[0])
	default:
		return ErrRepeated
	}
}

// Pick returns a copy of the texts for the fields in in, undecoded. Use it to
// call [Wire.Set] or [Wire.Receive] later or elsewhere, when in may no longer
// exist. It returns nil if there are none. If in has no well-formed text for a
// [RequestID], Pick makes the ID. The copy does not include what [From] would
// find.
func (w *Wire) Pick(in Incoming) Incoming {
	picked := make(picked)
	for i := range w.fields {
		f := &w.fields[i]
		if f.decode == nil {
			continue
		}
		found := slices.Clone(in.Values(f.key))
		if f.identity != nil {
			if id, isNew := f.identity.find(in, f.key, w.traceparent); isNew {
				found = []string{id}
			}
		}
		if len(found) > 0 {
			picked[f.key] = found
		}
	}
	if len(picked) == 0 {
		return nil
	}
	return picked
}

// A picked holds texts by their keys.
type picked map[string][]string

func (p picked) Values(key string) []string { return p[key] }
