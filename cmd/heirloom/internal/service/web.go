package service

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// longest is the longest time that GET /slow can be asked to take.
const longest = 10 * time.Minute

// serveHTTP serves until ctx is done.
func serveHTTP(ctx context.Context, listener net.Listener) task.Func[struct{}] {
	return func(work context.Context) (none struct{}, err error) {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /{$}", home)
		mux.HandleFunc("GET /slow", slow)
		vars := ctxhttp.Middleware(
			ctxwire.RequestID(requestID),
			ctxhttp.From(clientAddr, func(r *http.Request) (string, bool) { return r.RemoteAddr, true }))
		site := http.NewServeMux()
		view := taskhttp.Mount(site, taskhttp.Variables(requestID, clientAddr))
		defer view.Close()
		if local, failed := view.ListenLocal(); failed != nil {
			logger.Get().Warn("cannot be inspected by process id", "error", failed.Error())
		} else {
			defer func() { err = errors.Join(err, local.Close()) }()
		}
		site.Handle("/", vars(asTask(mux)))

		server := &http.Server{
			Handler:           site,
			ReadHeaderTimeout: 10 * time.Second,
			BaseContext:       func(net.Listener) context.Context { return work },
			ErrorLog:          slog.NewLogLogger(logger.Get().Handler(), slog.LevelWarn),
		}
		server.RegisterOnShutdown(view.Close)
		stopped := make(chan struct{})
		defer until(ctx, work, func() {
			defer close(stopped)
			limit, cancel := context.WithTimeout(context.WithoutCancel(work), grace)
			defer cancel()
			if server.Shutdown(limit) != nil {
				_ = server.Close() // ends the ctxs of the requests
			}
		})()
		logger.Get().Info("http service is up", "addr", listener.Addr().String(),
			"tasks", "http://"+listener.Addr().String()+"/debug/tasks", "pid", os.Getpid())
		if err := closed(server.Serve(listener)); err != nil {
			return none, err
		}
		<-stopped // Serve returns as soon as Shutdown has begun
		return none, nil
	}
}

// asTask runs each request as a task, so that the live view shows the request and,
// below it, the tasks that it starts.
func asTask(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		t := task.Go(r.Context(), func(ctx context.Context) (none struct{}, _ error) {
			next.ServeHTTP(w, r.WithContext(ctx))
			return none, nil
		}, task.Name(r.Method+" "+r.URL.Path))
		// Not r.Context(): the handler must be done with w when this returns.
		if _, err := t.Await(context.WithoutCancel(r.Context())); err != nil {
			logger.Get().Error("request failed", "error", err.Error())
			panic(http.ErrAbortHandler)
		}
		logger.Get().Info("request", "method", r.Method, "path", r.URL.Path, "took", time.Since(started).Round(time.Millisecond).String())
	})
}

// lookUp is a part of a request's work. It knows the user without a parameter.
func lookUp(what string) task.Func[string] {
	return func(ctx context.Context) (string, error) {
		logger.Get().Info("looking up", "what", what)
		if err := task.Sleep(ctx, 100*time.Millisecond); err != nil {
			return "", err
		}
		return what + " for request " + requestID.Get(), nil
	}
}

func home(w http.ResponseWriter, r *http.Request) {
	found, err := gather.All(r.Context(), lookUp("user"), lookUp("orders"))
	if err != nil {
		logger.Get().Warn("gave up", "error", err.Error())
		http.Error(w, "gave up", http.StatusServiceUnavailable)
		return
	}
	answer(w, map[string]any{"request_id": requestID.Get(), "found": found})
}

func slow(w http.ResponseWriter, r *http.Request) {
	d, err := time.ParseDuration(r.URL.Query().Get("for"))
	if err != nil || d < 0 || d > longest {
		http.Error(w, "say for how long, up to "+longest.String()+", as in /slow?for=5s", http.StatusBadRequest)
		return
	}
	if err := task.Sleep(r.Context(), d); err != nil {
		logger.Get().Warn("gave up", "error", err.Error())
		http.Error(w, "gave up", http.StatusServiceUnavailable)
		return
	}
	answer(w, map[string]any{"request_id": requestID.Get(), "slept": d.String()})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v) // an error means that the client has gone
}
