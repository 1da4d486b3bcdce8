package ctxgrpc

import (
	"crypto/rand"
	"errors"
	"strings"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// RequestIDKey is the key under which [RequestID] has an ID travel, unless
// [IDKey] says another.
const RequestIDKey = "x-request-id"

// maxIDLen bounds what is taken for an ID, for it is written with each log
// record. A UUID has 36 characters, a traceparent 55.
const maxIDLen = 128

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
		MaxLen(maxIDLen))
	encode := f.encode
	f.encode = func(c *ctxvar.Context) (string, bool, error) {
		id, ok, err := encode(c)
		return id, ok && id != "", err
	}
	f.identify = func(values func(string) []string) string {
		id := ""
		if found := values("traceparent"); len(found) == 1 {
			id = traceID(found[0])
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

var errID = errors.New("ID is empty or has other characters than letters, digits and -._~+/=:@")

// checkID returns an error if id is not well-formed. Beside letters and digits
// it may have what IDs in use do: UUIDs, base64 in both alphabets, times, names
// of hosts. None of it means anything in a log line, in JSON or in HTML.
func checkID(id string) error {
	if id == "" {
		return errID
	}
	for _, c := range id {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~+/=:@", c) {
			return errID
		}
	}
	return nil
}

// traceID returns the trace ID in a traceparent, or "" if there is none.
//
//	version  trace ID                         parent ID        flags
//	00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//
// A later version may have more behind the flags, after another "-".
func traceID(s string) string {
	const length = 2 + 1 + 32 + 1 + 16 + 1 + 2
	if len(s) < length || len(s) > maxIDLen || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return ""
	}
	version, id, parent, flags, rest := s[:2], s[3:35], s[36:52], s[53:55], s[55:]
	switch {
	case !isHex(version), !isHex(id), !isHex(parent), !isHex(flags),
		version == "ff", // is not a version
		version == "00" && rest != "",
		rest != "" && rest[0] != '-',
		isZero(id), isZero(parent): // say that there is none
		return ""
	}
	return id
}

func isHex(s string) bool  { return strings.Trim(s, "0123456789abcdef") == "" }
func isZero(s string) bool { return strings.Trim(s, "0") == "" }
