package ctxhttp

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"reflect"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// own returns a copy of r whose body is read, and whose tracing hooks are
// called, with values. An [http.Transport] does both in the goroutines of a
// connection, which have the variables of the request for which it was opened,
// or none. own returns r itself if nothing has to be changed.
func own(r *http.Request, values *ctxvar.Context) *http.Request {
	ctx := ownTrace(r.Context(), values)
	body := ownBody(r.Body, values)
	if ctx == r.Context() && body == r.Body {
		return r
	}
	r = r.WithContext(ctx)
	if body != r.Body {
		r.Body = body
		if again := r.GetBody; again != nil {
			r.GetBody = func() (io.ReadCloser, error) {
				body, err := again()
				return ownBody(body, values), err
			}
		}
	}
	return r
}

// ownBody returns a body that calls b with values, or b itself if that is
// unnecessary.
func ownBody(b io.ReadCloser, values *ctxvar.Context) io.ReadCloser {
	if b == nil || b == http.NoBody {
		return b
	}
	if _, already := b.(interface{ ofRequest() }); already {
		return b // made by a RoundTripper around this one
	}
	if _, ok := b.(io.WriterTo); ok {
		return &writerBody{body{b, values}}
	}
	return &body{b, values}
}

// A body is the body of a request. Its methods may be called in any goroutine,
// and Close may be called during Read, so each call runs a copy of values,
// which nothing changes.
type body struct {
	io.ReadCloser
	values *ctxvar.Context
}

func (b *body) ofRequest() {}

func (b *body) Read(p []byte) (n int, err error) {
	b.values.Copy().Run(func() { n, err = b.ReadCloser.Read(p) })
	return n, err
}

func (b *body) Close() (err error) {
	b.values.Copy().Run(func() { err = b.ReadCloser.Close() })
	return err
}

// A writerBody is a body whose reader can write itself.
type writerBody struct{ body }

func (b *writerBody) WriteTo(w io.Writer) (n int64, err error) {
	b.values.Copy().Run(func() { n, err = b.ReadCloser.(io.WriterTo).WriteTo(w) })
	return n, err
}

// ownTrace returns a copy of ctx whose [httptrace.ClientTrace] has the hooks of
// the one in ctx, called with values, or ctx itself if it has none.
func ownTrace(ctx context.Context, values *ctxvar.Context) context.Context {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil || traceKey == nil {
		return ctx
	}
	// Otherwise httptrace would call the old hooks in addition to the new ones.
	return httptrace.WithClientTrace(withoutTrace{ctx}, ownHooks(trace, values))
}

// ownHooks returns a trace with the hooks of trace, each called with values. It
// recognises hooks as fields with functions, as httptrace does, so it includes
// those of later releases.
func ownHooks(trace *httptrace.ClientTrace, values *ctxvar.Context) *httptrace.ClientTrace {
	owned := *trace
	fields := reflect.ValueOf(&owned).Elem()
	for i := range fields.NumField() {
		f := fields.Field(i)
		if f.Kind() != reflect.Func || f.IsNil() {
			continue
		}
		hook := reflect.ValueOf(f.Interface()) // a copy: f is about to change
		f.Set(reflect.MakeFunc(f.Type(), func(args []reflect.Value) (results []reflect.Value) {
			values.Copy().Run(func() { results = hook.Call(args) })
			return results
		}))
	}
	return &owned
}

// A withoutTrace is a ctx without its trace.
type withoutTrace struct{ context.Context }

func (c withoutTrace) Value(key any) any {
	if key == traceKey {
		return nil
	}
	return c.Context.Value(key)
}

// traceKey is the key under which a ctx has its trace. It is private to
// httptrace, but httptrace asks a ctx for it.
var traceKey = func() any {
	l := learner{Context: context.Background()}
	httptrace.ContextClientTrace(&l)
	return l.key
}()

// A learner is a ctx that records the key it is asked for.
type learner struct {
	context.Context
	key any
}

func (l *learner) Value(key any) any {
	l.key = key
	return nil
}
