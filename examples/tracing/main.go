// Command tracing is a shop of three services. Each calls the next: the API and the
// catalog speak HTTP, and the stock speaks gRPC. A request is one trace through all
// three, and each line that any of them logs has the request's ID, the trace's ID and
// the tenant. No function has a ctx, except where gRPC requires one.
//
// All wiring is in one file, wiring.go. The services are in shop.go, and do not depend on
// it.
//
//	go run ./examples/tracing
package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "tracing:", err)
		os.Exit(1)
	}
}

// run places one order, and shows what the services log and the spans that they end.
func run() (err error) {
	spans := tracetest.NewInMemoryExporter()
	shop, err := Open(os.Stdout, spans)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()

	request, err := http.NewRequest(http.MethodGet, shop.URL+"/offers/socks", nil)
	if err != nil {
		return err
	}
	request.Header.Set("X-Request-Id", "r1")
	request.Header.Set("Baggage", "tenant=acme")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	offer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	fmt.Printf("offer: %s", offer)
	if err := shop.Close(); err != nil { // ends the spans
		return err
	}
	for _, span := range spans.GetSpans() {
		fmt.Printf("span %s of trace %s\n", span.Name, span.SpanContext.TraceID())
	}
	return nil
}
