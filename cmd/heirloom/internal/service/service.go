// Package service has the services of heirloom serve: an HTTP and an echo service, in
// which functions know the request they work for without a parameter.
package service

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
	"github.com/heirloom-go/heirloom/task"
)

var (
	requestID  = ctxvar.New[string]("request_id")
	clientAddr = ctxvar.New[string]("client_addr")

	// logger is a variable too: code deep in a service logs to the handler that was given
	// to Run.
	logger = ctxvar.New("logger", ctxvar.DefaultFunc(slog.Default))
)

// grace is how long requests have to end when the services end.
const grace = 5 * time.Second

// Run serves on both listeners until ctx is done. Then it accepts no more
// clients, gives the current requests a few seconds to end, cancels the rest,
// and returns nil once all have ended. If a service fails, Run ends the other
// one in the same way and returns the error.
func Run(ctx context.Context, logs slog.Handler, web, echo net.Listener) error {
	logger.Set(slog.New(ctxslog.NewHandler(logs,
		ctxslog.Var(requestID, ctxslog.OmitUnset()),
		ctxslog.Var(clientAddr, ctxslog.OmitUnset()))))
	// Requests outlive ctx by the grace period. So tasks use a ctx of their own, and the
	// end of ctx only makes the two services begin to end.
	err := task.Group(context.WithoutCancel(ctx), func(work context.Context) error {
		task.Go(work, serveHTTP(ctx, web), task.Name("http"))
		task.Go(work, serveEcho(ctx, echo), task.Name("echo"))
		return nil
	}, task.Name("services"))
	logger.Get().Info("stopped")
	return err
}

// until calls stop once ctx, or the task of work, is done. Calling the result ends the
// wait.
func until(ctx, work context.Context, stop func()) (end func()) {
	done := make(chan struct{})
	t := task.Go(context.WithoutCancel(work), func(context.Context) (none struct{}, _ error) {
		select {
		case <-ctx.Done():
			stop()
		case <-work.Done():
			stop()
		case <-done:
		}
		return none, nil
	}, task.Name("watch"))
	return func() {
		close(done)
		<-t.Done()
	}
}

// closed returns nil for the errors that a service returns when it is closed.
func closed(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
