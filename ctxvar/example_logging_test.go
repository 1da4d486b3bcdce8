package ctxvar_test

import (
	"context"
	"log/slog"
	"os"
	"sync"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var traceID = ctxvar.New[string]("trace_id")

// A traceHandler adds the trace to each record, also to those of libraries
// that log without a context.
type traceHandler struct{ slog.Handler }

func (h traceHandler) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := traceID.Lookup(); ok {
		r.AddAttrs(slog.String("trace", id))
	}
	return h.Handler.Handle(ctx, r)
}

// Log lines say to which request they belong, from code that gets neither a logger nor
// a context.
func Example_logging() {
	noTime := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	log := slog.New(traceHandler{slog.NewTextHandler(os.Stdout, noTime)})

	query := func() { log.Info("query") }

	var wg sync.WaitGroup
	for _, id := range []string{"t1", "t2"} {
		wg.Go(func() {
			traceID.Set(id)
			query()
		})
	}
	wg.Wait()
	query()
	// Unordered output:
	// level=INFO msg=query trace=t1
	// level=INFO msg=query trace=t2
	// level=INFO msg=query
}
