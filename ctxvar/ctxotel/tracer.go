package ctxotel

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Tracer starts spans that are children of the goroutine's current one. It may
// be used by several goroutines at the same time.
type Tracer struct{ tracer trace.Tracer }

// NewTracer returns a Tracer that starts spans with tracer, of which a library
// has one of its own name:
//
//	var tracer = ctxotel.NewTracer(otel.Tracer("example.com/store"))
//
// It panics if tracer is nil.
func NewTracer(tracer trace.Tracer) Tracer {
	if tracer == nil {
		panic("ctxotel: NewTracer of a nil trace.Tracer")
	}
	return Tracer{tracer}
}

// Start starts a span that is a child of the goroutine's current one, or a root
// if there is none, and makes it the current one. Its End method makes the one
// before current again:
//
//	defer tracer.Start("load").End()
//
// A span that has ended is current nowhere, and becomes no span's parent: not if
// spans end in another order than the reverse of that in which they were started, nor
// if End is called in another goroutine, nor in a goroutine that was started in the
// span and goes on. What is current there is the innermost span around it that has
// not ended, or else none. (That a span has ended which [With] made current, and which records
// nothing, since nobody sampled it, is not to be seen.)
//
// A deferred End records a panic on its way through, as OpenTelemetry's does.
func (t Tracer) Start(name string, opts ...trace.SpanStartOption) trace.Span {
	up := current()
	if up == nil {
		opts = withLink(opts, lateHere(Current.Get()))
	}
	// The tracer may put labels on the goroutine. With a ctx that carries them,
	// variables live through that.
	ctx, span := t.tracer.Start(ctxvar.NewContext(up.inside()), name, opts...)
	if l := up.child(ctx, span); l != nil {
		span = l.begin()
	}
	return span
}

// StartContext is [Tracer.Start] for code that has a ctx: it does what
// [trace.Tracer] does with it, and sets the variable. The parent is the span of
// ctx or, as [Context] has it, the current one. If there is none, and ctx has a span that
// has ended, the new span is a root with a link to that. The ctx that is returned has the new
// span, and carries a snapshot of the goroutine's variables, or of those that ctx
// carries if they are of another piece of work, see [ctxvar.Effective].
func (t Tracer) StartContext(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	values := ctxvar.Effective(ctx) // ours alone
	given := trace.SpanContextFromContext(ctx)
	ctx, up := withCurrentOf(ctx, values)
	if up == nil {
		if held, _ := Current.In(values); !given.IsValid() {
			given = lateHere(held)
		}
		opts = withLink(opts, given)
	}
	values.Run(func() { ctx = ctxvar.NewContext(ctx) })
	ctx, span := t.tracer.Start(ctx, name, opts...)
	l := up.child(ctx, span)
	if l == nil {
		return ctx, span
	}
	values.Run(func() {
		Current.Set(l)
		ctx = ctxvar.NewContext(ctx)
	})
	return ctx, l.begin()
}

// lateHere returns what With has noted of a span that had ended, in the span that Current
// has.
func lateHere(span trace.Span) trace.SpanContext {
	if l, ok := span.(*link); ok {
		return l.late
	}
	return trace.SpanContext{}
}

// withLink returns opts, those of a span without a parent, with a link to what would be
// the parent if it had not ended, if there is that.
func withLink(opts []trace.SpanStartOption, ended trace.SpanContext) []trace.SpanStartOption {
	if !ended.IsValid() {
		return opts
	}
	return append(opts[:len(opts):len(opts)], trace.WithLinks(trace.Link{SpanContext: ended}))
}

// Do calls fn in a new span, as [Tracer.Start] makes it, and ends that when fn
// returns, panics or calls [runtime.Goexit]. An error that fn returns is
// recorded, is the span's status, and is returned.
func (t Tracer) Do(name string, fn func() error, opts ...trace.SpanStartOption) error {
	span := t.Start(name, opts...)
	defer span.End()
	err := fn()
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
	return err
}

// start starts a span in that of ctx, which up has, and makes it the current one.
// child returns the link of a span that was started in l, which may be nil, and is in
// ctx; or nil if nobody traces. What is current is as good a parent then.
func (l *link) child(ctx context.Context, span trace.Span) *link {
	if sc := span.SpanContext(); !sc.IsValid() || l != nil && l.is(sc) {
		return nil
	}
	var bag baggage.Baggage
	if l != nil {
		bag = l.bag
	}
	return newLink(ctx, span, l, bag)
}

// begin makes l the current one, and returns its span for the program to end.
func (l *link) begin() trace.Span {
	l.token = Current.Set(l)
	return &started{l.Span, l}
}

// A started span is the current one until it ends.
type started struct {
	trace.Span
	link *link
}

func (s *started) End(opts ...trace.SpanEndOption) {
	// The SDK recovers and goes on panicking too, which only a function that is
	// itself deferred can do.
	if v := recover(); v != nil {
		s.recordPanic(v, opts)
		defer panic(v)
	}
	s.Span.End(opts...)
	s.link.over.Store(true)
	s.link.ctx.Store(nil)
	leave()
}

// leave takes spans that have ended off the running goroutine's variable, so that it
// does not keep them. Those that were made current elsewhere it can't take off; alive
// passes them over.
func leave() {
	for {
		l, ok := Current.Get().(*link)
		if !ok || l.token == nil || !l.ended() || !tryReset(l.token) {
			return
		}
	}
}

// tryReset resets the token, and reports whether it was for this goroutine to do, and
// still to be done.
func tryReset(token *ctxvar.Token[trace.Span]) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			if _, misused := v.(*ctxvar.TokenError); !misused {
				panic(v)
			}
		}
	}()
	token.Reset()
	return true
}

// recordPanic adds the event that semantic conventions have for an exception.
func (s *started) recordPanic(v any, opts []trace.SpanEndOption) {
	attrs := []attribute.KeyValue{
		attribute.String("exception.type", reflect.TypeOf(v).String()),
		attribute.String("exception.message", fmt.Sprint(v)),
	}
	if c := trace.NewSpanEndConfig(opts...); c.StackTrace() {
		attrs = append(attrs, attribute.String("exception.stacktrace", string(debug.Stack())))
	}
	s.AddEvent("exception", trace.WithAttributes(attrs...))
}
