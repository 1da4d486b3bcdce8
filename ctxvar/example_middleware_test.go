package ctxvar_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var currentUser = ctxvar.New("user", ctxvar.Default("anonymous"))

// audit is far from any handler, and has no parameter for the user.
func audit(what string) { fmt.Printf("%s: %s\n", currentUser.Get(), what) }

// authenticate sets the user while the handler runs. A server uses one goroutine for
// all requests of a connection, so the value has to be reset.
func authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, _, ok := r.BasicAuth(); ok {
			defer currentUser.Set(user).Reset()
		}
		next.ServeHTTP(w, r)
	})
}

// Middleware sets the user for code that has no parameter.
func Example_middleware() {
	handler := authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		audit(r.Method + " " + r.URL.Path)
	}))

	request := httptest.NewRequest("GET", "/", nil)
	handler.ServeHTTP(httptest.NewRecorder(), request)
	request.SetBasicAuth("alice", "secret")
	handler.ServeHTTP(httptest.NewRecorder(), request)
	audit("done")
	// Output:
	// anonymous: GET /
	// alice: GET /
	// anonymous: done
}
