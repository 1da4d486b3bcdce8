// Package ctxotel makes OpenTelemetry's current span a variable, so that code
// without a ctx makes child spans, and sends variables along with traces, as W3C
// baggage.
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
// [Tracer.Start] starts a span that is a child of the goroutine's current one,
// and makes it the current one until it ends. [Span] returns the current span,
// for attributes and events, and [Context] puts it into a ctx, for what takes
// one. [Current] is the variable; goroutines inherit it like any other.
//
// OpenTelemetry's own instrumentation has the span in a ctx: [With] makes that
// the goroutine's current one, [Middleware] does so for each request of a server,
// and [NewTransport] is the way back, for the requests of a client. A span that
// is started by hand, by a [trace.Tracer], is in the ctx that it returns and
// nowhere else; [Tracer.StartContext] is the same and sets the variable too.
//
// # Baggage
//
// A [Propagator] sends chosen variables as members of the baggage header that the
// W3C recommends, and nothing else. Use it beside those of OpenTelemetry:
//
//	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(
//		propagation.TraceContext{},
//		propagation.Baggage{},
//		ctxotel.NewPropagator(ctxwire.String(tenant, "tenant")),
//	))
//
// The instrumentation calls it to write headers, and finds the values that the
// calling goroutine has. It calls it to read headers too, but in a goroutine
// that need not be the one that handles the request. So what is read goes into
// the ctx, and [With], and so [Middleware], sets the variables.
//
// # Setting up
//
// [Field] is With and Context as a field among others, for a server and a client:
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
// Without ctxhttp, [Middleware] and [NewTransport] are the same for the trace alone.
//
// # What outlives a request
//
// A goroutine that is started in a request has its span as the current one until that
// ends, and then none. To go on in the request's trace, do the job in a span of its own
// that is started before. A job that begins when the request has ended, and is given its
// ctx by [With] or [Tracer.StartContext], is a trace of its own with a link to the request.
package ctxotel
