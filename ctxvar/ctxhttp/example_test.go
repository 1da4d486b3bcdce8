package ctxhttp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxhttp"
	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// The first of two services asks the second. No function in either has a parameter for
// the ID or the tenant.
func Example() {
	fields := []ctxwire.Field{
		ctxwire.RequestID(requestID),
		ctxwire.String(tenant, "X-Tenant"),
	}
	vars := ctxhttp.Middleware(fields...)
	client := &http.Client{Transport: ctxhttp.NewTransport(nil, fields...)}

	stock := func() string { return "3 in stock for " + tenant.Get() + ", request " + requestID.Get() }
	warehouse := httptest.NewServer(vars(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, stock())
	})))
	defer warehouse.Close()

	askWarehouse := func() string { return fetch(client, warehouse.URL) }
	shop := httptest.NewServer(vars(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, askWarehouse())
	})))
	defer shop.Close()

	requestID.With("r1", func() {
		tenant.With("acme", func() { fmt.Println(fetch(client, shop.URL)) })
	})
	client.CloseIdleConnections()
	// Output:
	// 3 in stock for acme, request r1
}

func fetch(client *http.Client, url string) string {
	resp, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func ExampleMiddleware() {
	audit := func(what string) { fmt.Println(requestID.Get()+":", what) }

	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		audit("reads order " + r.PathValue("id"))
	})
	handler := ctxhttp.Middleware(ctxwire.RequestID(requestID))(mux)

	r := httptest.NewRequest("GET", "/orders/7", nil)
	r.Header.Set("X-Request-Id", "r1")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println("X-Request-Id:", w.Header().Get("X-Request-Id"))
	// Output:
	// r1: reads order 7
	// X-Request-Id: r1
}

// A variable of any type can be read from any part of a request.
func ExampleFrom() {
	userID := ctxvar.New[int64]("user_id")
	vars := ctxhttp.Middleware(ctxhttp.From(userID, func(r *http.Request) (int64, bool) {
		id, err := strconv.ParseInt(r.Header.Get("X-User-Id"), 10, 64)
		return id, err == nil
	}))
	handler := vars(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := userID.Lookup(); ok {
			fmt.Println("user", id)
		} else {
			fmt.Println("nobody")
		}
	}))

	r := httptest.NewRequest("GET", "/", nil)
	for _, value := range []string{"42", "forty-two"} {
		r.Header.Set("X-User-Id", value)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// user 42
	// nobody
}
