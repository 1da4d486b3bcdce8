package ctxwire

import (
	"context"
	"slices"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
	"github.com/heirloom-go/heirloom/internal/latectx"
)

// Receive handles a message as a piece of work of its own, see [ctxvar.Work]: it calls
// handle with a copy of the running goroutine's variables, or of those that ctx carries
// if they are of another work, in which the fields, in their order, have set theirs to
// what in has. Variables for identity that are set already are not readable in it. What
// handle sets is gone when it returns or panics. Receive returns what handle returns.
//
// handle's ctx descends from ctx and carries these variables as they are at the moment
// when [ctxvar.FromContext] asks: what code further in sets for the rest of the work, the
// user that it has authenticated say, is there for all who know the work by its ctx.
// [ctxvar.NewContext] carries them as they are now, whatever is set or reset later.
//
// Within the handling of a message by a Wire of the same protocol, which is told by
// ctx, it is a part of that work and begins none: middleware of a router's sub-router
// keeps what the middleware around it has set.
//
// A text is refused, and its variable left as it is, if it is longer than [MaxLen]
// allows, has characters that the protocol would not have carried, came more than
// once, or can't be decoded. What is to be sent back, an ID, is set in reply, unless
// that is nil, before handle is called.
//
// With [Protocol.Apart], what the running goroutine has does not count, and each message
// is a work of its own.
func (w *Wire) Receive(ctx context.Context, in Incoming, reply Outgoing, handle func(context.Context) error) error {
	env := w.env(ctx)
	var err error
	rest := func() { err = w.receive(ctx, env, w.fields, in, reply, handle) }
	// Through one variable for both methods, rest would escape to the heap.
	if !w.protocol.Apart && ctx.Value(w.handling) != nil {
		env.Run(rest)
	} else {
		env.RunWork(rest)
	}
	return err
}

// env returns what a message is handled with, ours alone, so that nobody else runs it.
func (w *Wire) env(ctx context.Context) *gls.Env {
	if !w.protocol.Apart {
		return (*gls.Env)(ctxvar.Effective(ctx))
	}
	if carried, ok := ctxvar.FromContext(ctx); ok {
		return (*gls.Env)(carried)
	}
	return (*gls.Env)(ctxvar.Empty())
}

// handlingKey is the key under which a ctx tells that a message of the protocol of
// that name is being handled.
type handlingKey string

// handling is a ctx that tells so, and that carries the variables which the message is
// handled with, in place of those that its parent may carry.
type handling struct {
	context.Context
	protocol any // a handlingKey
	env      *gls.Env
}

func (h *handling) Value(key any) any {
	switch {
	case latectx.AsksVariables(key):
		return latectx.Variables(key, h.Context, h.env)
	case key == h.protocol:
		return true
	}
	return h.Context.Value(key)
}

// receive handles a message in env, which is being run, or which is nil if it isn't
// known what is.
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

// receiveWithin is receive within what a field made by Around does. It is apart from
// receive for the closure, which would have the others' variables on the heap.
func (w *Wire) receiveWithin(ctx context.Context, a around, fields []Field, in Incoming, reply Outgoing, handle func(context.Context) error) error {
	return a.call(ctx, func(ctx context.Context) error {
		return w.receive(ctx, nil, fields, in, reply, handle)
	})
}

// Set sets the variables in the running goroutine to what in has, to stay, as
// Receive does for its handle. It passes over fields made by [Around].
func (w *Wire) Set(in Incoming) {
	for i := range w.fields {
		w.set(&w.fields[i], in, nil)
	}
}

// set sets the variable of one field to what in has, if that is well-formed.
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

// decode sets the variable to what was found under the field's key, if anything.
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

// Pick returns a copy of the texts that in has for the fields, as they are, for
// [Wire.Set] or [Wire.Receive] to be called later, or elsewhere, when in may be
// gone. It returns nil if there are none. Where in has no well-formed text for a
// [RequestID], the ID is made now. What [From] would find is not there.
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

// picked are texts by their keys.
type picked map[string][]string

func (p picked) Values(key string) []string { return p[key] }
