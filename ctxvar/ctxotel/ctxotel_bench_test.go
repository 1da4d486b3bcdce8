package ctxotel_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/heirloom-go/heirloom/ctxvar/ctxotel"
)

// BenchmarkStart measures the cost of a child span, by hand with a ctx and without one:
// with a tracer that does nothing, with spans that are not sampled, and with spans that
// are.
func BenchmarkStart(b *testing.B) {
	for name, provider := range map[string]trace.TracerProvider{
		"noop":      noop.NewTracerProvider(),
		"unsampled": sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())),
		"sampled":   sdktrace.NewTracerProvider(),
	} {
		plain := provider.Tracer("bench")
		tracer := ctxotel.NewTracer(plain)
		b.Run(name+"/by hand", func(b *testing.B) {
			b.ReportAllocs()
			ctx, root := plain.Start(context.Background(), "root")
			defer root.End()
			for b.Loop() {
				_, span := plain.Start(ctx, "child")
				span.End()
			}
		})
		b.Run(name+"/ctxotel", func(b *testing.B) {
			b.ReportAllocs()
			defer tracer.Start("root").End()
			for b.Loop() {
				tracer.Start("child").End()
			}
		})
	}
}

// BenchmarkSpan measures the cost of finding the current span.
func BenchmarkSpan(b *testing.B) {
	provider := sdktrace.NewTracerProvider()
	ctx, span := provider.Tracer("bench").Start(context.Background(), "span")
	defer span.End()
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			trace.SpanFromContext(ctx)
		}
	})
	b.Run("ctxotel", func(b *testing.B) {
		b.ReportAllocs()
		ctxotel.With(ctx, func(context.Context) {
			for b.Loop() {
				ctxotel.Span()
			}
		})
	})
}

// BenchmarkInject sends two values as baggage.
func BenchmarkInject(b *testing.B) {
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		var members []baggage.Member
		for key, value := range map[string]string{"tenant": "acme", "enduser.id": "ada"} {
			m, err := baggage.NewMemberRaw(key, value)
			if err != nil {
				b.Fatal(err)
			}
			members = append(members, m)
		}
		bag, err := baggage.New(members...)
		if err != nil {
			b.Fatal(err)
		}
		ctx := baggage.ContextWithBaggage(context.Background(), bag)
		for b.Loop() {
			propagation.Baggage{}.Inject(ctx, propagation.MapCarrier{})
		}
	})
	b.Run("ctxotel", func(b *testing.B) {
		b.ReportAllocs()
		defer tenant.Set("acme").Reset()
		defer user.Set("ada").Reset()
		for b.Loop() {
			both.Inject(context.Background(), propagation.MapCarrier{})
		}
	})
}

// BenchmarkExtract reads two values and puts them into a ctx or into variables.
func BenchmarkExtract(b *testing.B) {
	carrier := propagation.MapCarrier{"baggage": "tenant=acme,enduser.id=ada"}
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ctx := propagation.Baggage{}.Extract(context.Background(), carrier)
			bag := baggage.FromContext(ctx)
			_, _ = bag.Member("tenant").Value(), bag.Member("enduser.id").Value()
		}
	})
	b.Run("ctxotel", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ctxotel.With(both.Extract(context.Background(), carrier), func(context.Context) {
				_, _ = tenant.Get(), user.Get()
			})
		}
	})
}
