// Command tracers runs ctxotel over real tracers that put labels on goroutines:
// Grafana's for Pyroscope, and Datadog's. Goroutines have these labels, and keep their
// variables. It is a module of its own because the tracers need a later Go than the
// rest.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"os"
	"runtime/pprof"
	"slices"
	"strings"

	ddotel "github.com/DataDog/dd-trace-go/v2/ddtrace/opentelemetry"
	ddtracer "github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	otelpyroscope "github.com/grafana/otel-profiling-go"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
)

var tenant = ctxvar.New("tenant", ctxvar.Default("none"))

func main() {
	show("Pyroscope", pyroscope())

	// The spans go to noAgent. These switch off the tracer's other requests.
	os.Setenv("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false")
	os.Setenv("DD_REMOTE_CONFIGURATION_ENABLED", "false")
	provider := datadog()
	show("Datadog", provider)
	if err := provider.Shutdown(); err != nil {
		log.Fatal(err)
	}
}

// show starts a goroutine in a span of the provider's, for a tenant.
func show(name string, provider trace.TracerProvider) {
	tracer := ctxotel.NewTracer(provider.Tracer("tracers"))
	defer tenant.Set("acme").Reset()
	defer tracer.Start("order").End()
	inGoroutine(func() {
		fmt.Printf("%s: tenant %s, in a goroutine with the labels %s\n", name, tenant.Get(), strings.Join(labelsHere(), ", "))
	})
}

// pyroscope returns a provider that makes each span visible in profiles.
func pyroscope() trace.TracerProvider {
	return otelpyroscope.NewTracerProvider(sdktrace.NewTracerProvider(), otelpyroscope.WithSpanIDLabelScope(otelpyroscope.ScopeAllSpans))
}

// datadog returns such a provider of Datadog's.
func datadog() *ddotel.TracerProvider {
	return ddotel.NewTracerProvider(
		ddtracer.WithHTTPClient(&http.Client{Transport: noAgent{}}),
		ddtracer.WithProfilerCodeHotspots(true),
		ddtracer.WithProfilerEndpoints(true),
		ddtracer.WithLogStartup(false))
}

// noAgent takes the place of the agent to which Datadog's tracer would send its spans.
type noAgent struct{}

func (noAgent) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body.Close()
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

// labelsHere returns the keys of the running goroutine's labels, as in a profile.
func labelsHere() []string {
	var profile strings.Builder
	pprof.Lookup("goroutine").WriteTo(&profile, 1)
	for block := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(block, ".labelsHere+") {
			_, text, _ := strings.Cut(block, "# labels: ")
			text, _, _ = strings.Cut(text, "\n")
			var labels map[string]string
			json.Unmarshal([]byte(text), &labels) // no labels, no text
			return slices.Sorted(maps.Keys(labels))
		}
	}
	return nil
}

// inGoroutine runs fn in a goroutine that has inherited variables and not yet set one.
// Labels from a ctx without variables would take them away.
func inGoroutine(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}
