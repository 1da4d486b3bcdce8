package stay

import (
	"net/http"
	"net/http/httptest"
	"runtime"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var (
	user   = ctxvar.New[string]("user")
	tenant = ctxvar.New[string]("tenant")
)

func serve() {
	http.ListenAndServe(":1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user.Set("x") // want `the value stays set for the connection's next request: defer the Reset, or wrap the handler in ctxhttp.Middleware`
	}))
	httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "" {
			_ = user.Set("x") // want `the value stays set`
		}
		func() {
			user.Set("y") // want `the value stays set`
		}()
		tenant.With("t", func() {
			user.Set("z") // want `the value stays set`
		})
	}))
	_ = http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user.Set("x") // want `the value stays set`
	})}
}

func finalize(p *int) {
	runtime.SetFinalizer(p, func(*int) {
		user.Set("x") // want `the value stays set for the finalizers and cleanups that come next: defer the Reset`
	})
	runtime.AddCleanup(p, func(int) { user.Set("x") }, 1) // want `the value stays set for the finalizers`
}

// Somebody else's to wrap, or taken back.

func handler(w http.ResponseWriter, r *http.Request) { user.Set("x") }

func right(wrap func(http.Handler) http.Handler, mux *http.ServeMux) {
	http.ListenAndServe(":1", wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { user.Set("x") })))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { user.Set("x") })
	http.ListenAndServe(":1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer user.Set("x").Reset()
		user.Set("y")
		go func() { tenant.Set("z") }()
		ctxvar.Copy().Run(func() { tenant.Set("z") })
	}))
}
