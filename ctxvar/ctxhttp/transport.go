package ctxhttp

import (
	"context"
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// A Transport is an [http.RoundTripper] that adds variables to each request, as
// headers, and passes the request to another RoundTripper. [NewTransport] makes
// one. It is safe for concurrent use if the other RoundTripper is.
type Transport struct {
	base http.RoundTripper
	wire *ctxwire.Wire
}

var _ http.RoundTripper = (*Transport)(nil)

// NewTransport returns a Transport that adds fields to each request and makes
// the request with base. A nil base means [http.DefaultTransport] behind
// [Detach]. NewTransport panics if two fields are sent under the same header,
// or if one has a key that net/http handles itself, such as Host.
//
// The values are those of the goroutine that makes the request, or those that
// the request's ctx carries if they belong to another work (see
// [ctxvar.Effective]): a worker of a pool sends the values of the request whose
// ctx it was given. base makes the request with these values, and with a ctx
// that carries them. A header that the request already has is replaced. If a
// value cannot be sent, the request fails with a [*ctxwire.FieldError].
//
// The request's body and the hooks of its [httptrace.ClientTrace] have these
// values too, whichever goroutine reads the body or calls the hooks.
func NewTransport(base http.RoundTripper, fields ...ctxwire.Field) *Transport {
	if base == nil {
		base = Detach(nil)
	}
	return &Transport{base: base, wire: ctxwire.NewWire(protocol, fields...)}
}

// RoundTrip makes the request. If there is something to add, it makes a copy of
// the request, because a RoundTripper must not change the one it is given.
func (t *Transport) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	out := outgoing{request: r}
	made := false
	err = t.wire.Send(r.Context(), &out, func(ctx context.Context) error {
		made = true
		resp, err = t.base.RoundTrip(own(out.with(ctx), ctxvar.Copy()))
		return err
	})
	if !made && r.Body != nil {
		r.Body.Close() // a RoundTripper must always close it
	}
	return resp, err
}

// An outgoing is a request that is about to be made.
type outgoing struct {
	request *http.Request // the caller's
	header  http.Header   // a copy of the caller's, once there is something to add
}

// Set sets a header, whose name is in canonical form.
func (out *outgoing) Set(name, text string) {
	if out.header == nil {
		if out.header = out.request.Header.Clone(); out.header == nil {
			out.header = make(http.Header)
		}
	}
	out.header[name] = []string{text}
}

// with returns the request with what was added to it, and with ctx.
func (out *outgoing) with(ctx context.Context) *http.Request {
	if out.header == nil && ctx == out.request.Context() {
		return out.request
	}
	r := out.request.WithContext(ctx)
	if out.header != nil {
		r.Header = out.header
	}
	return r
}

// CloseIdleConnections closes the idle connections of the inner RoundTripper,
// if it has any. [http.Client.CloseIdleConnections] calls it.
func (t *Transport) CloseIdleConnections() { closeIdleConnections(t.base) }

func closeIdleConnections(rt http.RoundTripper) {
	if c, ok := rt.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
