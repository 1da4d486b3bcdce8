package ctxgrpc

import (
	"crypto/rand"
	"errors"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/internal/requestid"
)

// RequestIDKey is the key under which [RequestID] has an ID travel, unless
// [IDKey] says another.
const RequestIDKey = "x-request-id"

// RequestID returns the field of the variable that has the ID of the request at
// hand. A server always sets it, and sends it back with the header of its
// response. The ID is
//
//   - what the client sent under [RequestIDKey], if it is one value of at most
//     128 characters, all of which are letters or digits of ASCII or in
//     "-._~+/=:@";
//   - or else the trace ID in the traceparent that the client sent, as W3C Trace
//     Context has it, if that is well-formed;
//   - or else a new one, from [crypto/rand.Text].
//
// It is the ID that ctxhttp.RequestID has for HTTP, and goes on from one to the
// other. What is not well-formed appears nowhere.
func RequestID[T ~string](v *ctxvar.Var[T], opts ...IDOption) Field {
	o := idOptions{key: RequestIDKey, newID: rand.Text}
	for _, opt := range opts {
		opt.apply(&o)
	}
	f := Func(v, o.key,
		func(id T) (string, error) { return string(id), nil },
		func(id string) (T, error) { return T(id), checkID(id) },
		MaxLen(requestid.MaxLen))
	encode := f.encode
	f.encode = func(c *ctxvar.Context) (string, bool, error) {
		id, ok, err := encode(c)
		return id, ok && id != "", err
	}
	f.identify = func(values func(string) []string) string {
		id := ""
		if found := values("traceparent"); len(found) == 1 {
			id = requestid.FromTraceparent(found[0])
		}
		if id == "" {
			id = o.newID()
		}
		v.Set(T(id))
		return id
	}
	return f
}

type idOptions struct {
	key   string
	newID func() string
}

// An IDOption configures [RequestID]. See [IDKey] and [IDFunc].
type IDOption interface{ apply(*idOptions) }

type idOptionFunc func(*idOptions)

func (f idOptionFunc) apply(o *idOptions) { f(o) }

// IDKey makes [RequestID] use another key. RequestID panics if it is not one
// that metadata can have.
func IDKey(key string) IDOption { return idOptionFunc(func(o *idOptions) { o.key = key }) }

// IDFunc makes [RequestID] take new IDs from f, which may be called by several
// goroutines at the same time. IDFunc panics if f is nil.
func IDFunc(f func() string) IDOption {
	if f == nil {
		panic("ctxgrpc: IDFunc of a nil function")
	}
	return idOptionFunc(func(o *idOptions) { o.newID = f })
}

var errID = errors.New("ID is empty or has other characters than letters, digits and " + requestid.Punctuation)

func checkID(id string) error {
	if !requestid.Valid(id) {
		return errID
	}
	return nil
}
