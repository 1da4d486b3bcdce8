package ctxslog

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/gls"
)

// A Handler is a [slog.Handler] that adds variables to each record and passes
// it to another handler. It is immutable, so goroutines may share it if they
// may share the inner handler.
//
// A record of a logger without open groups costs little more than its
// attributes, see BenchmarkHandler. A record of a logger with groups has to be
// rebuilt, because the variables belong outside of the groups: attributes given
// to With after WithGroup are then formatted with each record, not once in
// With.
type Handler struct {
	attrs []Attr

	// next has all that WithAttrs and WithGroup gave, root only what was
	// given before the first group was opened; groups has the rest.
	next, root slog.Handler
	groups     []group
}

var _ slog.Handler = (*Handler)(nil)

// A group is an open group, with the attributes given after it was opened and
// before the next inner one was.
type group struct {
	name  string
	attrs []slog.Attr
}

// NewHandler returns a handler that adds attrs, in their order, to each record
// that next handles. It panics with a [*ctxvar.UsageError] if next is nil or an
// Attr was made by neither [Var] nor [VarFunc].
//
// If the result is given to [slog.SetDefault], next must not be the handler of
// the original [slog.Default]: that handler writes through package log, which
// from then on would write through the new default, and so on. Use a handler of
// your own.
func NewHandler(next slog.Handler, attrs ...Attr) *Handler {
	if next == nil {
		panic(&ctxvar.UsageError{Func: "ctxslog.NewHandler", Problem: "nil slog.Handler; pass the one that writes the records"})
	}
	for _, a := range attrs {
		if a.in == nil {
			panic(&ctxvar.UsageError{Func: "ctxslog.NewHandler", Problem: "empty Attr; make it with Var or VarFunc"})
		}
	}
	return &Handler{attrs: slices.Clone(attrs), next: next, root: next}
}

// Enabled reports whether the inner handler is enabled.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle adds the variables to the record, passes it to the inner handler, and
// returns that handler's result.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	added := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	h.addTo(ctx, &added)
	switch {
	case added.NumAttrs() == 0:
		return h.next.Handle(ctx, r)
	case len(h.groups) == 0:
		r.Attrs(func(a slog.Attr) bool {
			added.AddAttrs(a)
			return true
		})
		return h.next.Handle(ctx, added)
	default:
		added.AddAttrs(h.grouped(r))
		return h.root.Handle(ctx, added)
	}
}

// addTo adds the variables to a record that was made with ctx.
func (h *Handler) addTo(ctx context.Context, r *slog.Record) {
	if len(h.attrs) == 0 {
		return
	}
	c := contexts.Get().(*ctxvar.Context)
	env := (*gls.Env)(c)
	// This is ctxvar.Effective without its allocation.
	env.Hold(gls.Counting(ctx))
	for i := range h.attrs {
		if value, ok := h.attrs[i].in(c); ok {
			r.AddAttrs(slog.Attr{Key: h.attrs[i].name, Value: value})
		}
	}
	// If a function of the user's panicked, c is garbage.
	env.Hold(nil)
	contexts.Put(c)
}

// contexts holds Contexts for addTo. A Context is not shared while a record is
// handled.
var contexts = sync.Pool{New: func() any { return new(ctxvar.Context) }}

// grouped returns the outermost of h.groups as an attribute that contains the
// others and the attributes of r.
func (h *Handler) grouped(r slog.Record) slog.Attr {
	i := len(h.groups) - 1
	attrs := slices.Grow(slices.Clip(h.groups[i].attrs), r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for ; i > 0; i-- {
		attrs = append(slices.Clip(h.groups[i-1].attrs), groupAttr(h.groups[i].name, attrs))
	}
	return groupAttr(h.groups[0].name, attrs)
}

func groupAttr(name string, attrs []slog.Attr) slog.Attr {
	return slog.Attr{Key: name, Value: slog.GroupValue(attrs...)}
}

// WithAttrs returns a handler that also writes attrs, in the open group.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	with := *h
	if len(h.groups) == 0 {
		with.root = h.root.WithAttrs(attrs)
		with.next = with.root
		return &with
	}
	// The callee may keep and change the slice, and next is a callee too.
	with.next = h.next.WithAttrs(slices.Clone(attrs))
	with.groups = slices.Clone(h.groups)
	last := &with.groups[len(with.groups)-1]
	last.attrs = slices.Concat(last.attrs, attrs)
	return &with
}

// WithGroup returns a handler that writes the attributes of records, and those
// given to WithAttrs from then on, in a group within the open one. The
// variables stay at the top level.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.next = h.next.WithGroup(name)
	with.groups = append(slices.Clip(h.groups), group{name: name})
	return &with
}
