package ctxwire

import (
	"crypto/rand"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// RequestIDKey is the key under which the ID of a request is sent, unless
// [IDKey] sets another.
const RequestIDKey = "X-Request-Id"

// traceparentKey is the key of W3C Trace Context.
const traceparentKey = "traceparent"

// RequestID returns the field of the variable that has the ID of the current
// request. The receiver of a message always sets it, and a server sends it back
// with its answer. The ID is
//
//   - the text under [RequestIDKey], if there is one text of at most 128
//     characters, all of which are ASCII letters or digits or in "-._~+/=:@";
//   - otherwise the trace ID in the incoming traceparent, as defined by W3C
//     Trace Context, if that is well-formed;
//   - otherwise the ID of the message in its protocol, see [Identified];
//   - otherwise a new one, from [crypto/rand.Text].
//
// A text that is not a well-formed ID appears nowhere. A well-formed ID may
// still be made up: at the edge of a system, where anybody may send one, delete
// the headers first if that matters.
//
// An empty value counts as none, and is not sent.
func RequestID[T ~string](v *ctxvar.Var[T], opts ...IDOption) Field {
	o := idOptions{key: RequestIDKey, newID: rand.Text}
	for _, opt := range opts {
		if opt == nil {
			panic(&ctxvar.UsageError{Func: "ctxwire.RequestID", Problem: "nil IDOption; leave it out"})
		}
		opt.apply(&o)
	}
	f := Func(v, o.key,
		func(id T) (string, error) { return string(id), nil },
		func(id string) (T, error) { return T(id), checkID(id) },
		MaxLen(maxIDLen))
	f.encode = func(c *ctxvar.Context) (string, bool, error) {
		id, _ := v.In(c)
		return string(id), id != "", nil
	}
	f.identity = &identity{newID: o.newID, set: func(id string) { v.Set(T(id)) }}
	return f
}

// An identity is what the field of an ID has besides the functions of other
// fields.
type identity struct {
	newID func() string
	set   func(id string) // in the running goroutine
}

// find returns the ID of a message, and reports whether it is new.
func (i *identity) find(in Incoming, key, traceparent string) (id string, isNew bool) {
	if found := in.Values(key); len(found) == 1 && checkID(found[0]) == nil {
		return found[0], false
	}
	if found := in.Values(traceparent); len(found) == 1 {
		if id := idFromTraceparent(found[0]); id != "" {
			return id, true
		}
	}
	if own, ok := in.(Identified); ok {
		if id := own.ID(); checkID(id) == nil {
			return id, true
		}
	}
	return i.newID(), true
}

type idOptions struct {
	key   string
	newID func() string
}

// An IDOption configures [RequestID]. See [IDKey] and [IDFunc].
type IDOption interface{ apply(*idOptions) }

type idOptionFunc func(*idOptions)

func (f idOptionFunc) apply(o *idOptions) { f(o) }

// IDKey makes [RequestID] use another key. RequestID panics with a
// [*ctxvar.UsageError] if the key is not a token in the sense of HTTP.
func IDKey(key string) IDOption { return idOptionFunc(func(o *idOptions) { o.key = key }) }

// IDFunc makes [RequestID] take new IDs from f, which may be called by several
// goroutines at the same time. The IDs should be well-formed, because the next
// service accepts no others. IDFunc panics with a [*ctxvar.UsageError] if f is nil.
func IDFunc(f func() string) IDOption {
	if f == nil {
		panic(&ctxvar.UsageError{Func: "ctxwire.IDFunc", Problem: "nil function; pass one that returns a new ID"})
	}
	return idOptionFunc(func(o *idOptions) { o.newID = f })
}
