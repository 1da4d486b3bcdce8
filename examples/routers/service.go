package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/coder/websocket"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

var (
	requestID = ctxvar.New[string]("request_id")
	tenant    = ctxvar.New("tenant", ctxvar.Default("public"))
)

// vars is the middleware, the same for all routers.
var vars = ctxhttp.Middleware(
	ctxwire.RequestID(requestID),
	ctxwire.String(tenant, "X-Tenant"),
)

// greeting is far from any handler, and has no parameter except the name.
func greeting(name string) string {
	return fmt.Sprintf("hello %s of %s, request %s", name, tenant.Get(), requestID.Get())
}

// later makes the greeting in a goroutine that has no variables, like a worker of a pool
// that belongs to no request. The goroutine knows from ctx for whom it works.
func later(ctx context.Context, name string) string {
	done := make(chan string)
	ctxvar.Detach(func() {
		go ctxvar.RunFrom(ctx, func() { done <- greeting(name) })
	})
	return <-done
}

// fail sets a variable and panics.
func fail() {
	tenant.Set("of a request that failed")
	panic("fail")
}

// chat greets each name that arrives over a WebSocket.
func chat(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow()
	for {
		kind, name, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		if err := conn.Write(r.Context(), kind, []byte(greeting(string(name)))); err != nil {
			return
		}
	}
}
