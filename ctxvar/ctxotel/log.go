package ctxotel

import (
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

// LogAttrs returns the attributes trace_id and span_id, for a [ctxslog.Handler]:
// each log record then says in which span it was written, if in any.
func LogAttrs() []ctxslog.Attr {
	return []ctxslog.Attr{
		ctxslog.VarFunc(Current, func(span trace.Span) slog.Value {
			return ifValid(span, span.SpanContext().TraceID())
		}, ctxslog.Name("trace_id")),
		ctxslog.VarFunc(Current, func(span trace.Span) slog.Value {
			return ifValid(span, span.SpanContext().SpanID())
		}, ctxslog.Name("span_id")),
	}
}

// ifValid returns the ID as a value, or an empty group, which is not written.
func ifValid(span trace.Span, id fmt.Stringer) slog.Value {
	if span.SpanContext().IsValid() {
		return slog.StringValue(id.String())
	}
	return slog.GroupValue()
}
