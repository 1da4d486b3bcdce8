package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var userID = ctxvar.New("user_id", ctxvar.Default("nobody"))

func greet() string { return "Hello, " + userID.Get() }

func withUser(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer userID.Set(r.Header.Get("X-User-ID")).Reset()
		next.ServeHTTP(w, r)
	})
}

func handle(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, greet()) }

func middleware(ctx context.Context) error {
	app := withUser(http.HandlerFunc(handle))
	fmt.Fprintln(stdout, "Before:", userID.Get())
	for _, user := range []string{"alice", "bob"} {
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		request.Header.Set("X-User-ID", user)
		response := httptest.NewRecorder()
		app.ServeHTTP(response, request)
		fmt.Fprintln(stdout, "Response:", response.Body)
	}
	fmt.Fprintln(stdout, "After:", userID.Get())
	return nil
}
