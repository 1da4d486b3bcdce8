package ctxslog_test

import (
	"log/slog"
	"os"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

// withoutTime makes the output the same each time.
var withoutTime = &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}}

type user struct{ ID, Email string }

var currentUser = ctxvar.New[*user]("user")

func Example() {
	logger := slog.New(ctxslog.NewHandler(
		slog.NewJSONHandler(os.Stdout, withoutTime),
		ctxslog.Var(requestID),
		ctxslog.VarFunc(currentUser, func(u *user) slog.Value { return slog.StringValue(u.ID) }, ctxslog.Name("user_id")),
	))
	query := func() { logger.WithGroup("db").Info("query", "rows", 3) }

	query()
	requestID.With("r1", func() {
		defer currentUser.Set(&user{ID: "u7", Email: "ann@example.com"}).Reset()
		query()
	})
	// Output:
	// {"level":"INFO","msg":"query","db":{"rows":3}}
	// {"level":"INFO","msg":"query","request_id":"r1","user_id":"u7","db":{"rows":3}}
}

// The lines of a log.Logger, for code that takes one, carry variables too.
func Example_logLogger() {
	handler := ctxslog.NewHandler(slog.NewTextHandler(os.Stdout, withoutTime), ctxslog.Var(requestID))
	logger := slog.NewLogLogger(handler, slog.LevelWarn)

	requestID.With("r1", func() { logger.Print("connection reset") })
	// Output:
	// level=WARN msg="connection reset" request_id=r1
}

// A worker has values of its own goroutine, if any. A ctx brings the job, and the
// values to log.
func Example_snapshotInContext() {
	logger := slog.New(ctxslog.NewHandler(slog.NewTextHandler(os.Stdout, withoutTime), ctxslog.Var(requestID)))

	jobs, done := make(chan job), make(chan struct{})
	go func() {
		defer close(done)
		for j := range jobs {
			logger.InfoContext(j.ctx, "working", "on", j.name)
		}
	}()
	for _, name := range []string{"one", "two"} {
		requestID.With("r-"+name, func() { jobs <- newJob(name) })
	}
	close(jobs)
	<-done
	// Output:
	// level=INFO msg=working request_id=r-one on=one
	// level=INFO msg=working request_id=r-two on=two
}

func ExampleRedact() {
	apiKey := ctxvar.New[string]("api_key")
	logger := slog.New(ctxslog.NewHandler(
		slog.NewTextHandler(os.Stdout, withoutTime),
		ctxslog.Var(apiKey, ctxslog.Redact()),
	))

	logger.Info("without")
	apiKey.With("s3cr3t", func() { logger.Info("with") })
	// Output:
	// level=INFO msg=without
	// level=INFO msg=with api_key=[redacted]
}

func ExampleVarFunc() {
	logger := slog.New(ctxslog.NewHandler(
		slog.NewTextHandler(os.Stdout, withoutTime),
		ctxslog.VarFunc(currentUser, func(u *user) slog.Value {
			return slog.GroupValue(slog.String("id", u.ID), slog.String("mail", u.Email[:1]+"…"))
		}),
	))

	currentUser.With(&user{ID: "u7", Email: "ann@example.com"}, func() { logger.Info("order placed") })
	// Output:
	// level=INFO msg="order placed" user.id=u7 user.mail=a…
}
