package ctxslog_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

type requestIDKey struct{}

// byHand adds the request ID in the ctx of a record. It does the same without
// variables, for callers that have a ctx.
type byHand struct{ slog.Handler }

func (h byHand) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		r.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h byHand) WithAttrs(attrs []slog.Attr) slog.Handler { return byHand{h.Handler.WithAttrs(attrs)} }
func (h byHand) WithGroup(name string) slog.Handler       { return byHand{h.Handler.WithGroup(name)} }

// The cost of a request ID for a record: without one, with one that a handler takes out
// of the record's ctx by hand, and with one in a variable.
func BenchmarkHandler(b *testing.B) {
	json := slog.NewJSONHandler(io.Discard, nil)
	ctx := context.WithValue(b.Context(), requestIDKey{}, "0123456789abcdef")
	carried := make(chan context.Context, 1)
	go requestID.With("0123456789abcdef", func() { carried <- ctxvar.NewContext(b.Context()) })
	snapshot := <-carried
	ours := ctxslog.NewHandler(json, ctxslog.Var(requestID))
	none := func(f func()) { f() }
	set := func(f func()) { requestID.With("0123456789abcdef", f) }

	for _, shape := range []struct {
		name   string
		derive func(*slog.Logger) *slog.Logger
	}{
		{"flat", func(l *slog.Logger) *slog.Logger { return l.With("component", "cart") }},
		{"group", func(l *slog.Logger) *slog.Logger { return l.WithGroup("cart").With("user", 7) }},
	} {
		for _, bm := range []struct {
			name    string
			handler slog.Handler
			ctx     context.Context
			in      func(func())
		}{
			{"without", json, b.Context(), none},
			{"context", byHand{json}, ctx, none},
			{"variable", ours, b.Context(), set},
			{"snapshot", ours, snapshot, none},
			{"unset", ours, b.Context(), none},
		} {
			b.Run(shape.name+"/"+bm.name, func(b *testing.B) {
				logger := shape.derive(slog.New(bm.handler))
				b.ReportAllocs()
				bm.in(func() {
					for b.Loop() {
						logger.LogAttrs(bm.ctx, slog.LevelInfo, "added to cart", slog.String("item", "book"), slog.Int("count", 2))
					}
				})
			})
		}
	}
}
