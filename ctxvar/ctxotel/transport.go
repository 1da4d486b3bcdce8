package ctxotel

import (
	"net/http"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// NewTransport returns an [http.RoundTripper] that puts the goroutine's current
// span, and a snapshot of its variables, into the ctx of each request, and lets base
// make it:
// one that starts a span for each request and sends it on, of package otelhttp
// for example. So a request made without a ctx, as by http.Get, is part of the
// trace. A nil base stands for [http.DefaultTransport].
func NewTransport(base http.RoundTripper) http.RoundTripper { return &transport{base} }

type transport struct{ base http.RoundTripper }

// roundTripper returns t.base, or else what is the default at that time, as
// http.Client does.
func (t *transport) roundTripper() http.RoundTripper {
	if t.base == nil {
		return http.DefaultTransport
	}
	return t.base
}

func (t *transport) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	values := ctxvar.Effective(r.Context())
	ctx, _ := withCurrentOf(r.Context(), values)
	// The RoundTripper within may put labels on the goroutine, as some tracers do. With
	// a ctx that carries them, variables live through that.
	values.Run(func() { resp, err = t.roundTripper().RoundTrip(r.WithContext(ctxvar.NewContext(ctx))) })
	return resp, err
}

// CloseIdleConnections closes those of the RoundTripper within, if it has any.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.roundTripper().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
