package ctxotel

import (
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

// LogAttrs returns the attributes trace_id and span_id, for a
// [ctxslog.Handler]: each log record then names the span in which it was
// written, if there is one.
func LogAttrs() []ctxslog.Attr {
	return []ctxslog.Attr{
		ctxslog.VarFunc(Current, func(span trace.Span) slog.Value {
			return idOf(span, func(sc trace.SpanContext) fmt.Stringer { return sc.TraceID() })
		}, ctxslog.Name("trace_id")),
		ctxslog.VarFunc(Current, func(span trace.Span) slog.Value {
			return idOf(span, func(sc trace.SpanContext) fmt.Stringer { return sc.SpanID() })
		}, ctxslog.Name("span_id")),
	}
}

// idOf returns the ID of span or, if that has ended, of the current span. If
// there is none, it returns an empty group, which is not written.
func idOf(span trace.Span, id func(trace.SpanContext) fmt.Stringer) slog.Value {
	if l := alive(span); l != nil {
		return slog.StringValue(id(l.SpanContext()).String())
	}
	return slog.GroupValue()
}
