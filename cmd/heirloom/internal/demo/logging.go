package demo

import (
	"context"
	"log/slog"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

var logID = ctxvar.New("request_id", ctxvar.Default("none"))

// A requestLog adds the request's id to every record, from any code that logs.
type requestLog struct{ slog.Handler }

func (h requestLog) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(slog.String("request_id", logID.Get()))
	return h.Handler.Handle(ctx, r)
}

var log = slog.New(requestLog{slog.NewTextHandler(stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime})})

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func respondLogged(ctx context.Context) error {
	err := task.Sleep(ctx, 100*time.Millisecond)
	log.Info("response sent")
	return err
}

func handleLogged(id string) task.Func[struct{}] {
	return func(ctx context.Context) (struct{}, error) {
		defer logID.Set(id).Reset()
		log.Info("request received")
		return struct{}{}, respondLogged(ctx)
	}
}

func logging(ctx context.Context) error {
	_, err := gather.All(ctx, handleLogged("req-1"), handleLogged("req-2"))
	return err
}
