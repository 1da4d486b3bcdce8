// Package ctxotel makes OpenTelemetry's current span a variable, so that code
// without a ctx can start child spans. It also sends variables with traces, as
// W3C baggage.
//
//	var tracer = ctxotel.NewTracer(otel.Tracer("example.com/store"))
//
//	func load() {
//		defer tracer.Start("load").End()
//		…
//	}
//
// # The current span
//
// [Tracer.Start] starts a child of the goroutine's current span, and makes it
// current until it ends. [Span] returns the current span, for attributes and
// events, and [Context] puts it into a ctx, for functions that take one.
// [Current] is the variable; goroutines inherit it like any other.
//
// OpenTelemetry's own instrumentation has the span in a ctx. [With] makes that
// span the goroutine's current one, and [Middleware] does so for each request
// of a server. [NewTransport] does the reverse for the requests of a client. A
// span started directly by a [trace.Tracer] is only in the ctx that the tracer
// returns; [Tracer.StartContext] does the same and also sets the variable.
//
// # Baggage
//
// A [Propagator] sends chosen variables, and nothing else, as members of the
// baggage header that the W3C recommends. Use it together with those of
// OpenTelemetry:
//
//	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(
//		propagation.TraceContext{},
//		propagation.Baggage{},
//		ctxotel.NewPropagator(ctxwire.String(tenant, "tenant")),
//	))
//
// The instrumentation calls it to write headers, and it uses the values of the
// calling goroutine. The instrumentation also calls it to read headers, but
// perhaps not in the goroutine that handles the request. So the values read are
// put into the ctx, and [With], and therefore [Middleware], sets the variables.
//
// # Setting up
//
// [Field] combines With and Context in a field for a server and a client:
//
//	fields := []ctxwire.Field{ctxotel.Field(), ctxwire.RequestID(requestID)}
//
//	otelhttp.NewHandler(ctxhttp.Middleware(fields...)(mux), "server")
//	http.Client{Transport: ctxhttp.NewTransport(otelhttp.NewTransport(nil), fields...)}
//
//	grpc.NewServer(append(ctxgrpc.ServerOptions(fields...),
//		grpc.StatsHandler(otelgrpc.NewServerHandler()))...)
//	grpc.NewClient(target, append(ctxgrpc.DialOptions(fields...),
//		grpc.WithStatsHandler(otelgrpc.NewClientHandler()), …)...)
//
// Without ctxhttp, [Middleware] and [NewTransport] do the same for the trace
// only.
//
// # What outlives a request
//
// In a goroutine started in a request, the request's span is current until it
// ends; after that, no span is. To continue in the request's trace, run the job
// in a span of its own that is started before the request ends. A job that
// begins after the end of the request, and is given the request's ctx by [With]
// or [Tracer.StartContext], becomes a new trace with a link to the request.
package ctxotel
