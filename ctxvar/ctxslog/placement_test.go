package ctxslog_test

import (
	"bytes"
	"io"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar/ctxslog"
)

func TestPlacement(t *testing.T) {
	defer requestID.Set("r1").Reset()
	for _, tt := range []struct {
		reason string
		log    func(*slog.Logger)
		want   string
	}{
		{
			"before the record's own",
			func(l *slog.Logger) { l.Info("m", "k", 1) },
			" request_id=r1 k=1",
		},
		{
			"after what With gave",
			func(l *slog.Logger) { l.With("a", 1).With("b", 2).Info("m", "k", 3) },
			" a=1 b=2 request_id=r1 k=3",
		},
		{
			"outside of a group",
			func(l *slog.Logger) { l.WithGroup("g").Info("m", "k", 1) },
			" request_id=r1 g.k=1",
		},
		{
			"outside of nested groups, whatever With gave between",
			func(l *slog.Logger) {
				l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").WithGroup("i").With("c", 3).With("d", 4).Info("m", "k", 5)
			},
			" a=1 request_id=r1 g.b=2 g.h.i.c=3 g.h.i.d=4 g.h.i.k=5",
		},
		{
			"a group without attributes is not written",
			func(l *slog.Logger) { l.WithGroup("g").WithGroup("h").Info("m") },
			" request_id=r1",
		},
		{
			"a group without a name is none",
			func(l *slog.Logger) { l.WithGroup("").Info("m", "k", 1) },
			" request_id=r1 k=1",
		},
		{
			"With of nothing changes nothing",
			func(l *slog.Logger) { l.With().WithGroup("g").With().Info("m", "k", 1) },
			" request_id=r1 g.k=1",
		},
		{
			"an attribute of the same name comes later",
			func(l *slog.Logger) { l.Info("m", "request_id", "own") },
			" request_id=r1 request_id=own",
		},
		{
			"more attributes than a record has room for",
			func(l *slog.Logger) {
				l.WithGroup("g").Info("m", "a", 1, "b", 2, "c", 3, "d", 4, "e", 5, "f", 6, "g", 7)
			},
			" request_id=r1 g.a=1 g.b=2 g.c=3 g.d=4 g.e=5 g.f=6 g.g=7",
		},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			assert.Equal(t, tt.want, logged([]ctxslog.Attr{ctxslog.Var(requestID)}, tt.log))
		})
	}
}

// Whatever calls of With and WithGroup there were, a record is written as if the
// variables had been given to With before the first group.
func FuzzPlacement(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		attrs := func() []any {
			args := make([]any, random.IntN(8))
			for i := range args {
				key := strconv.Itoa(random.IntN(10))
				switch random.IntN(4) {
				case 0:
					args[i] = slog.Group(key)
				case 1:
					args[i] = slog.Group(key, "in", random.IntN(10))
				default:
					args[i] = slog.Int(key, random.IntN(10))
				}
			}
			return args
		}
		defer attempt.Set(random.IntN(3)).Reset()
		if random.IntN(2) == 0 {
			defer requestID.Set("r1").Reset()
		}
		variables := func() []any {
			args := []any{slog.Int("attempt", attempt.Get())}
			if id, ok := requestID.Lookup(); ok {
				args = append(args, slog.String("request_id", id))
			}
			return args
		}

		var got, want bytes.Buffer
		options := &slog.HandlerOptions{AddSource: true, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			switch {
			case len(groups) == 0 && a.Key == slog.TimeKey:
				return slog.Attr{}
			case a.Value.Kind() == slog.KindInt64:
				// Each attribute says in which groups it was written.
				a.Value = slog.StringValue(strings.Join(append(groups, a.Value.String()), "/"))
			}
			return a
		}}
		newHandler := func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, options) }
		if random.IntN(2) == 0 {
			newHandler = func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, options) }
		}
		ours := slog.New(ctxslog.NewHandler(newHandler(&got), ctxslog.Var(attempt), ctxslog.Var(requestID)))
		plain := slog.New(newHandler(&want))
		grouped := false
		for range random.IntN(8) {
			if random.IntN(2) == 0 {
				args := attrs()
				ours, plain = ours.With(args...), plain.With(args...)
				continue
			}
			if !grouped {
				grouped = true
				plain = plain.With(variables()...)
			}
			name := strconv.Itoa(random.IntN(10))
			ours, plain = ours.WithGroup(name), plain.WithGroup(name)
		}
		if !grouped {
			plain = plain.With(variables()...)
		}

		args := attrs()
		for _, l := range []*slog.Logger{ours, plain} {
			l.Info("m", args...)
		}
		assert.Equal(t, want.String(), got.String(), "seed %d", seed)
	})
}
