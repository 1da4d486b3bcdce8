package ctxhttp

import (
	"crypto/rand"
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/requestid"
)

// RequestIDHeader is the header that [RequestID] reads and answers with, unless
// [IDHeader] says another.
const RequestIDHeader = "X-Request-Id"

// traceparentHeader is that of W3C Trace Context, in canonical form.
const traceparentHeader = "Traceparent"

// RequestID returns a source that sets v to the request's ID, and has the
// response tell it, in the header [RequestIDHeader]. The ID is
//
//   - the request's header of that name, if there is exactly one, of at most
//     128 characters, all of which are letters or digits of ASCII or in
//     "-._~+/=:@";
//   - or else the trace ID in its traceparent header, as W3C Trace Context has
//     it, if that is well-formed;
//   - or else a new one, from [crypto/rand.Text].
//
// What a request claims to be its ID and is not well-formed appears nowhere. An
// ID that is well-formed may still be made up: at the edge of a system, where
// anybody may send one, delete the headers before if that matters.
//
// A response to a WebSocket handshake is written by the library that does it,
// which may have to be given w.Header().
func RequestID[T ~string](v *ctxvar.Var[T], opts ...IDOption) Source {
	s := idSource{header: RequestIDHeader, newID: rand.Text}
	for _, opt := range opts {
		opt.apply(&s)
	}
	return sourceFunc(func(w http.ResponseWriter, r *http.Request) {
		id := s.id(r)
		w.Header()[s.header] = []string{id}
		v.Set(T(id))
	})
}

type idSource struct {
	header string
	newID  func() string
}

// An IDOption configures [RequestID]. See [IDHeader] and [IDFunc].
type IDOption interface{ apply(*idSource) }

type idOptionFunc func(*idSource)

func (f idOptionFunc) apply(s *idSource) { f(s) }

// IDHeader makes [RequestID] use a header of another name. It panics if name
// can't be a header's.
func IDHeader(name string) IDOption {
	name = headerName(name)
	return idOptionFunc(func(s *idSource) { s.header = name })
}

// IDFunc makes [RequestID] take new IDs from f, which may be called by several
// goroutines at the same time. IDFunc panics if f is nil.
func IDFunc(f func() string) IDOption {
	if f == nil {
		panic("ctxhttp: IDFunc of a nil function")
	}
	return idOptionFunc(func(s *idSource) { s.newID = f })
}

func (s *idSource) id(r *http.Request) string {
	if id := onlyHeader(r, s.header); requestid.Valid(id) {
		return id
	}
	if id := requestid.FromTraceparent(onlyHeader(r, traceparentHeader)); id != "" {
		return id
	}
	return s.newID()
}
