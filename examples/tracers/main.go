// Command tracers runs ctxotel over real tracers that put labels on goroutines,
// Grafana's for Pyroscope and Datadog's: goroutines have these labels, and their
// variables too. It is a module of its own since those need a later Go than the rest.
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

	// Nothing but spans, which go nowhere.
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

// pyroscope returns the provider that has each span show in profiles.
func pyroscope() trace.TracerProvider {
	return otelpyroscope.NewTracerProvider(sdktrace.NewTracerProvider(), otelpyroscope.WithSpanIDLabelScope(otelpyroscope.ScopeAllSpans))
}

// datadog returns one that does, too.
func datadog() *ddotel.TracerProvider {
	return ddotel.NewTracerProvider(
		ddtracer.WithHTTPClient(&http.Client{Transport: noAgent{}}),
		ddtracer.WithProfilerCodeHotspots(true),
		ddtracer.WithProfilerEndpoints(true),
		ddtracer.WithLogStartup(false))
}

// noAgent answers Datadog's tracer, which would send its spans to an agent.
type noAgent struct{}

func (noAgent) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body.Close()
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

// labelsHere returns the keys of the running goroutine's labels, as a profile has
// them.
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

// inGoroutine runs fn in a goroutine of its own, whose variables are the parent's
// and which has not used them yet: no frame of the parent's is in the way.
func inGoroutine(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}
