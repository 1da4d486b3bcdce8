package ctxslog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

// bare leaves out the time, so that records can be compared.
var bare = &slog.HandlerOptions{
	Level: slog.LevelDebug,
	ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	},
}

// logTo returns a logger that writes text to out, with attrs.
func logTo(out io.Writer, attrs ...ctxslog.Attr) *slog.Logger {
	return slog.New(ctxslog.NewHandler(slog.NewTextHandler(out, bare), attrs...))
}

// logged returns what log writes, as text, without level and message.
func logged(attrs []ctxslog.Attr, log func(*slog.Logger)) string {
	var out strings.Builder
	log(logTo(&out, attrs...))
	return strings.TrimPrefix(strings.TrimSuffix(out.String(), "\n"), "level=INFO msg=m")
}

// The rules of package slog hold, whether there is anything to add or not.
func TestSlogtest(t *testing.T) {
	for _, tt := range []struct {
		reason string
		attrs  []ctxslog.Attr
	}{
		{"nothing is chosen", nil},
		{"nothing is set", []ctxslog.Attr{ctxslog.Var(attempt)}},
		{"a variable is added", []ctxslog.Attr{ctxslog.Var(requestID)}},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var out bytes.Buffer
			newHandler := func(*testing.T) slog.Handler {
				out.Reset()
				return ctxslog.NewHandler(slog.NewJSONHandler(&out, nil), tt.attrs...)
			}
			// slogtest runs each case in a goroutine that this one starts.
			defer requestID.Set("r1").Reset()
			slogtest.Run(t, newHandler, func(t *testing.T) map[string]any {
				var record map[string]any
				require.NoError(t, json.Unmarshal(out.Bytes(), &record), "%s", &out)
				if tt.reason == "a variable is added" {
					assert.Equal(t, "r1", record["request_id"], "at the top level")
				}
				return record
			})
		})
	}
}

// Loggers derived from one logger do not affect each other.
func TestDerivedLoggers(t *testing.T) {
	var out strings.Builder
	parent := logTo(&out, ctxslog.Var(requestID)).WithGroup("g").With("p1", 0, "p2", 0, "p3", 0)
	one, two := parent.With("one", 1), parent.With("two", 2)
	sub1, sub2 := parent.WithGroup("sub1"), parent.WithGroup("sub2")

	defer requestID.Set("r1").Reset()
	for _, l := range []*slog.Logger{one, two, sub1, sub2, parent} {
		l.Info("m", "k", 3)
	}
	const prefix = "level=INFO msg=m request_id=r1 g.p1=0 g.p2=0 g.p3=0"
	assert.Equal(t, strings.Join([]string{
		prefix + " g.one=1 g.k=3",
		prefix + " g.two=2 g.k=3",
		prefix + " g.sub1.k=3",
		prefix + " g.sub2.k=3",
		prefix + " g.k=3",
		"",
	}, "\n"), out.String())
}

// Handlers may keep and change the slice that WithAttrs is given.
func TestWithAttrsOwnsItsSlice(t *testing.T) {
	var out strings.Builder
	h := ctxslog.NewHandler(greedy{slog.NewTextHandler(&out, bare)}, ctxslog.Var(requestID))

	defer requestID.Set("r1").Reset()
	slog.New(h).WithGroup("g").With("a", 1).Info("m")
	assert.Equal(t, "level=INFO msg=m request_id=r1 g.a=1\n", out.String())
}

// greedy changes the slice that WithAttrs is given.
type greedy struct{ slog.Handler }

func (h greedy) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := greedy{h.Handler.WithAttrs(attrs)}
	clear(attrs)
	return with
}

func (h greedy) WithGroup(name string) slog.Handler { return greedy{h.Handler.WithGroup(name)} }

func TestEachGoroutineHasItsOwn(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(ctxslog.NewHandler(slog.NewJSONHandler(&out, nil), ctxslog.Var(requestID)))

	const goroutines, records = 50, 20
	var all sync.WaitGroup
	for i := range goroutines {
		id := strconv.Itoa(i)
		requestID.With(id, func() {
			all.Go(func() {
				l := logger.With("component", "db").WithGroup("query")
				for range records {
					l.Info("m", "want", id)
				}
			})
		})
	}
	all.Wait()

	decoder := json.NewDecoder(&out)
	for range goroutines * records {
		var record struct {
			RequestID string `json:"request_id"`
			Query     struct {
				Want string `json:"want"`
			} `json:"query"`
		}
		require.NoError(t, decoder.Decode(&record))
		require.NotEmpty(t, record.RequestID)
		require.Equal(t, record.Query.Want, record.RequestID)
	}
}

func TestSnapshotInContext(t *testing.T) {
	carried := make(chan context.Context, 1)
	go requestID.With("carried", func() { carried <- ctxvar.NewContext(t.Context()) })
	fromElsewhere := <-carried
	var own context.Context
	requestID.With("old", func() { own = ctxvar.NewContext(t.Context()) })
	attrs := []ctxslog.Attr{ctxslog.Var(requestID), ctxslog.Var(tenant), ctxslog.Var(attempt, ctxslog.OmitUnset())}
	info := func(ctx context.Context) func(*slog.Logger) {
		return func(l *slog.Logger) { l.InfoContext(ctx, "m") }
	}

	requestID.With("own", func() {
		tenant.With("acme", func() {
			assert.Equal(t, " request_id=own tenant=acme", logged(attrs, info(t.Context())))
			assert.Equal(t, " request_id=own tenant=acme", logged(attrs, info(own)), "the goroutine has set something since")
			assert.Equal(t, " request_id=carried tenant=public", logged(attrs, info(fromElsewhere)),
				"it was passed on purpose, and nothing is mixed in")
		})
	})
	ctxvar.Detach(func() {
		assert.Equal(t, " request_id=carried tenant=public", logged(attrs, info(fromElsewhere)))
	})
}

// A worker of a pool that a request has started lazily logs what the job's ctx says.
// Within one request, the goroutine's values are newer than those of the ctx.
func TestWhoseWork(t *testing.T) {
	attrs := []ctxslog.Attr{ctxslog.Var(requestID)}
	jobs, done := make(chan func()), make(chan bool)
	defer close(jobs)
	do := func(job func()) {
		jobs <- func() { job(); done <- true }
		<-done
	}
	request := func(id string, handle func(context.Context)) {
		ctxvar.Work(func() {
			requestID.Set(id)
			handle(ctxvar.NewContext(t.Context()))
		})
	}
	request("acme", func(ctx context.Context) {
		go func() {
			for job := range jobs {
				job()
			}
		}()
		requestID.Set("acme, later")
		assert.Equal(t, " request_id=\"acme, later\"", logged(attrs, func(l *slog.Logger) { l.InfoContext(ctx, "m") }))
		child := make(chan string)
		go func() {
			requestID.Set("acme's child")
			child <- logged(attrs, func(l *slog.Logger) { l.InfoContext(ctx, "m") })
		}()
		assert.Equal(t, " request_id=\"acme's child\"", <-child)
	})
	request("bravo", func(ctx context.Context) {
		do(func() {
			assert.Equal(t, " request_id=bravo", logged(attrs, func(l *slog.Logger) { l.InfoContext(ctx, "m") }))
		})
	})
}

func TestNotEvaluatedInVain(t *testing.T) {
	defer requestID.Set("r1").Reset()
	never := ctxslog.VarFunc(requestID, func(string) slog.Value {
		t.Error("evaluated")
		return slog.Value{}
	})

	handlers := map[string]slog.Handler{
		"below the level": slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError}),
		"sampled away":    sampledAway{slog.NewTextHandler(io.Discard, nil)},
	}
	for name, next := range handlers {
		t.Run(name, func(t *testing.T) {
			l := slog.New(ctxslog.NewHandler(next, never))
			l.Info("m")
			l.WithGroup("g").Info("m", "k", 1)
		})
	}
}

// sampledAway writes nothing, but decides that only when it has the record.
type sampledAway struct{ slog.Handler }

func (sampledAway) Handle(context.Context, slog.Record) error { return nil }
func (h sampledAway) WithGroup(string) slog.Handler           { return h }

func TestEnabledIsTheHandlersWithin(t *testing.T) {
	h := ctxslog.NewHandler(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn}))
	for _, h := range []slog.Handler{h, h.WithGroup("g"), h.WithAttrs([]slog.Attr{slog.Int("a", 1)})} {
		assert.False(t, h.Enabled(t.Context(), slog.LevelInfo))
		assert.True(t, h.Enabled(t.Context(), slog.LevelWarn))
	}
}

func TestErrorOfTheHandlerWithin(t *testing.T) {
	h := ctxslog.NewHandler(slog.NewTextHandler(brokenPipe{}, nil), ctxslog.Var(requestID))
	defer requestID.Set("r1").Reset()
	assert.ErrorIs(t, h.Handle(t.Context(), slog.Record{}), io.ErrClosedPipe)
	assert.ErrorIs(t, h.WithGroup("g").Handle(t.Context(), slog.Record{}), io.ErrClosedPipe)
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Package log goes through the handler too, once it is slog's default.
func TestPackageLog(t *testing.T) {
	restore, flags, w := slog.Default(), log.Flags(), log.Writer()
	defer func() {
		slog.SetDefault(restore)
		log.SetFlags(flags)
		log.SetOutput(w)
	}()

	var out strings.Builder
	slog.SetDefault(logTo(&out, ctxslog.Var(requestID)))
	requestID.With("r1", func() { log.Print("connecting") })
	assert.Equal(t, "level=INFO msg=connecting request_id=r1\n", out.String())
}

func TestMisuse(t *testing.T) {
	next := slog.NewTextHandler(io.Discard, nil)
	assert.PanicsWithError(t, "ctxslog.NewHandler: nil slog.Handler; pass the one that writes the records",
		func() { ctxslog.NewHandler(nil) })
	assert.PanicsWithError(t, "ctxslog.NewHandler: empty Attr; make it with Var or VarFunc",
		func() { ctxslog.NewHandler(next, ctxslog.Attr{}) })
	assert.PanicsWithError(t, "ctxslog.VarFunc: nil function for request_id; pass one that makes a slog.Value, or use Var",
		func() { ctxslog.VarFunc(requestID, nil) })
	assert.PanicsWithError(t, "ctxslog.Option: nil Option; leave it out", func() { ctxslog.Var(requestID, nil) })
}
