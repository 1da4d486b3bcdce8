// Command routers runs one small service under four routers: chi, gorilla/mux, gin and
// echo. The headers of a request have its ID and its tenant, and the functions that the
// service calls read them without a parameter.
//
// chi and gorilla/mux accept net/http's middleware directly, and echo has an adapter
// for it. For gin, use [GinMiddleware].
//
//	go run ./examples/routers
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/gin-gonic/gin"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	discard := log.New(io.Discard, "", 0)
	for _, router := range []struct {
		name    string
		service http.Handler
	}{
		{"chi", Chi(discard)},
		{"gorilla/mux", Gorilla(discard)},
		{"gin", Gin(discard)},
		{"echo", Echo(discard)},
	} {
		answer, err := ask(router.service)
		if err != nil {
			fmt.Fprintf(os.Stderr, "routers: %s: %v\n", router.name, err)
			os.Exit(1)
		}
		fmt.Printf("%s: %s\n", router.name, answer)
	}
}

// ask serves on loopback, and sends one request.
func ask(service http.Handler) (string, error) {
	server := httptest.NewServer(service)
	defer server.Close()
	request, err := http.NewRequest(http.MethodGet, server.URL+"/hello/gopher", nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("X-Tenant", "acme")
	request.Header.Set("X-Request-Id", "r1")
	response, err := server.Client().Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
