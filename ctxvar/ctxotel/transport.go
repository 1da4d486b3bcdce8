package ctxotel

import (
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// NewTransport returns an [http.RoundTripper] that puts the goroutine's current
// span, and a snapshot of its variables, into the ctx of each request, and
// makes the request with base. base should start a span for each request and
// send it, as that of package otelhttp does. So a request made without a ctx,
// as by http.Get, is part of the trace. A nil base means
// [http.DefaultTransport].
func NewTransport(base http.RoundTripper) http.RoundTripper { return &transport{base} }

type transport struct{ base http.RoundTripper }

// roundTripper returns t.base, or otherwise the current default, as http.Client
// does.
func (t *transport) roundTripper() http.RoundTripper {
	if t.base == nil {
		return http.DefaultTransport
	}
	return t.base
}

func (t *transport) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	values := ctxvar.Effective(r.Context())
	ctx, _ := withCurrentOf(r.Context(), values)
	// The inner RoundTripper may put labels on the goroutine, as some tracers
	// do. The ctx carries the variables, so they survive that.
	values.Run(func() { resp, err = t.roundTripper().RoundTrip(r.WithContext(ctxvar.NewContext(ctx))) })
	return resp, err
}

// CloseIdleConnections closes the idle connections of the inner RoundTripper,
// if it has any.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.roundTripper().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
