package ctxhttp

import (
	"errors"
	"net/http"
	"strings"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// protocol is what HTTP can carry in headers.
var protocol = ctxwire.Protocol{Name: "ctxhttp", Key: headerName, Valid: isHeaderValue, Through: http.ServerContextKey}

// headerName returns key in the form of http.Header, or an error if net/http
// handles that header itself.
func headerName(key string) (string, error) {
	name := http.CanonicalHeaderKey(key)
	switch name {
	case "Host", "Connection", "Content-Length", "Trailer", "Transfer-Encoding":
		return "", errors.New("it is for net/http to see to; From can read the request")
	}
	return name, nil
}

// isHeaderValue reports whether HTTP carries text unchanged: it removes spaces
// at the ends.
func isHeaderValue(_, text string) bool {
	return ctxwire.IsText(text) && strings.Trim(text, " ") == text
}

// From returns a field that sets v to the value that f returns for a request
// that [Middleware] handles, and leaves v unchanged if f returns false. The
// field is never sent. f may read the variables that preceding fields have set.
// It is called by the goroutine that serves the request, so by several at the
// same time. From panics with a [*ctxvar.UsageError] if f is nil.
func From[T any](v *ctxvar.Var[T], f func(*http.Request) (T, bool)) ctxwire.Field {
	if f == nil {
		panic(&ctxvar.UsageError{Func: "ctxhttp.From", Problem: "nil function for " + v.Name() + "; pass one that finds the value in a request"})
	}
	return ctxwire.From(v, func(in ctxwire.Incoming) (value T, ok bool) {
		if in, isHTTP := in.(*incoming); isHTTP {
			return f(in.request)
		}
		return value, false
	})
}

// FromHeader returns the field of a header that is received and never sent. It is
// [ctxwire.String] with [ctxwire.ReceiveOnly].
func FromHeader[T ~string](v *ctxvar.Var[T], name string, opts ...ctxwire.Option) ctxwire.Field {
	return ctxwire.String(v, name, append(opts, ctxwire.ReceiveOnly())...)
}

// FromCookie returns a field that sets v to the value of the request's first
// cookie with the given name. If there is none, or it is empty, v is unchanged.
func FromCookie[T ~string](v *ctxvar.Var[T], name string) ctxwire.Field {
	return From(v, func(r *http.Request) (T, bool) {
		cookie, err := r.Cookie(name)
		if err != nil {
			return "", false
		}
		return T(cookie.Value), cookie.Value != ""
	})
}

// ToHeader returns the field of a header that is sent and never received. It is
// [ctxwire.String] with [ctxwire.SendOnly].
func ToHeader[T ~string](v *ctxvar.Var[T], name string, opts ...ctxwire.Option) ctxwire.Field {
	return ctxwire.String(v, name, append(opts, ctxwire.SendOnly())...)
}
