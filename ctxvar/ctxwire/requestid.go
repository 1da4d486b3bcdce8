package ctxwire

import (
	"crypto/rand"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// RequestIDKey is the key under which the ID of a request travels, unless [IDKey]
// says another.
const RequestIDKey = "X-Request-Id"

// traceparentKey is that of W3C Trace Context.
const traceparentKey = "traceparent"

// RequestID returns the field of the variable that has the ID of the request at
// hand. Who receives a message always sets it, and a server sends it back with its
// answer. The ID is
//
//   - what came under [RequestIDKey], if it is one text of at most 128 characters,
//     all of which are letters or digits of ASCII or in "-._~+/=:@";
//   - or else the trace ID in the traceparent that came, as W3C Trace Context has
//     it, if that is well-formed;
//   - or else the ID by which the protocol knows the message, see [Identified];
//   - or else a new one, from [crypto/rand.Text].
//
// What claims to be an ID and is not well-formed appears nowhere. An ID that is
// well-formed may still be made up: at the edge of a system, where anybody may
// send one, delete the headers before if that matters.
//
// An empty value is as good as none, and not sent.
func RequestID[T ~string](v *ctxvar.Var[T], opts ...IDOption) Field {
	o := idOptions{key: RequestIDKey, newID: rand.Text}
	for _, opt := range opts {
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

// identity is what the field of an ID has beside those of other fields.
type identity struct {
	newID func() string
	set   func(id string) // in the running goroutine
}

// find returns the ID of a message, and whether it is a new one.
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

// IDKey makes [RequestID] use another key. RequestID panics if it is not what
// HTTP calls a token.
func IDKey(key string) IDOption { return idOptionFunc(func(o *idOptions) { o.key = key }) }

// IDFunc makes [RequestID] take new IDs from f, which may be called by several
// goroutines at the same time. They should be well-formed: the next service takes no
// others. IDFunc panics if f is nil.
func IDFunc(f func() string) IDOption {
	if f == nil {
		panic("ctxwire: IDFunc of a nil function")
	}
	return idOptionFunc(func(o *idOptions) { o.newID = f })
}
