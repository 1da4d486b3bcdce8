package ctxotel

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// The limits in the W3C's recommendation: everybody must pass on this much, so
// senders can rely on it.
const (
	maxMembers = 64
	maxBytes   = 8192
)

const header = "baggage"

// A Propagator sends variables as baggage. [NewPropagator] makes it. It may be
// used by several goroutines at the same time.
//
// Use it together with [propagation.Baggage], after it in a
// [propagation.NewCompositeTextMapPropagator]: Baggage replaces the header, and
// Propagator adds to it.
type Propagator struct {
	wire *ctxwire.Wire
	// reported has the keys of the values that were reported to the error
	// handler.
	reported sync.Map
}

var _ propagation.TextMapPropagator = (*Propagator)(nil)

// NewPropagator returns a Propagator of fields, each a member of the baggage
// under its key. It panics if two have the same key. It ignores fields made by
// [ctxwire.Around], because a Propagator does not surround a call.
func NewPropagator(fields ...ctxwire.Field) *Propagator {
	p := new(Propagator)
	p.wire = ctxwire.NewWire(ctxwire.Protocol{Name: "ctxotel", Unsent: p.report}, fields...)
	return p
}

// report reports a value that cannot be sent to the error handler, once for
// each key, so that a value from outside cannot fill the log.
func (p *Propagator) report(err *ctxwire.FieldError) {
	if _, reported := p.reported.LoadOrStore(err.Key, true); !reported {
		otel.Handle(err)
	}
}

// Fields returns the name of the header that Inject sets.
func (p *Propagator) Fields() []string { return []string{header} }

// Inject adds the values of the running goroutine to the baggage in carrier, or
// those that ctx carries if they belong to another work (see
// [ctxvar.Effective]), but no defaults. A member that already has the same key
// is replaced.
//
// A value that cannot be sent is omitted: one that is longer than
// [ctxwire.MaxLen] allows, that has control characters, or with which the
// baggage would exceed 64 members or 8192 bytes. This is reported to the
// handler of [otel.SetErrorHandler] as a [*ctxwire.FieldError], once for each
// member.
func (p *Propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	bag := list{carrier: carrier}
	p.wire.Send(ctx, &bag, nil)
	if bag.changed {
		carrier.Set(header, strings.Join(bag.members, ","))
	}
}

// ErrBaggageFull is the error in a [*ctxwire.FieldError] if there is no room
// for a value.
var ErrBaggageFull = errors.New("baggage would have more than 64 members or 8192 bytes")

// A list is baggage that is being built.
type list struct {
	carrier propagation.TextMapCarrier
	loaded  bool

	keys    []string
	members []string // encoded
	bytes   int      // joined by commas
	changed bool
	// full is set if the baggage already exceeds the limits; it is then
	// left unchanged.
	full bool
}

var _ ctxwire.Limited = (*list)(nil)

// load reads the baggage in the carrier. It drops malformed parts.
func (l *list) load() {
	if l.loaded {
		return
	}
	l.loaded = true
	text := l.carrier.Get(header)
	if several, ok := l.carrier.(propagation.ValuesGetter); ok {
		text = strings.Join(several.Values(header), ",")
	}
	l.full = len(text) > maxBytes || strings.Count(text, ",") >= maxMembers
	if text == "" || l.full {
		return
	}
	for _, m := range read(l.carrier).Members() {
		l.add(m.Key(), m.String())
	}
}

// read returns the baggage in carrier, as OpenTelemetry reads it.
func read(carrier propagation.TextMapCarrier) baggage.Baggage {
	return baggage.FromContext(propagation.Baggage{}.Extract(context.Background(), carrier))
}

func (l *list) add(key, member string) {
	if len(l.members) > 0 {
		l.bytes++
	}
	l.bytes += len(member)
	l.keys = append(l.keys, key)
	l.members = append(l.members, member)
}

// Set is Put without an error: a value for which there is no room is omitted.
func (l *list) Set(key, text string) { _ = l.Put(key, text) }

// Put sets the value of the member with that key. If the baggage would become
// too large, it returns ErrBaggageFull and changes nothing.
func (l *list) Put(key, value string) error {
	l.load()
	m, err := baggage.NewMemberRaw(key, value)
	if err != nil {
		return err
	}
	member := m.String()
	i := slices.Index(l.keys, key)
	grown, count := l.bytes+len(member), len(l.members)
	switch {
	case i >= 0:
		grown -= len(l.members[i])
	case count > 0:
		grown++ // a comma
		fallthrough
	default:
		count++
	}
	if l.full || grown > maxBytes || count > maxMembers {
		return ErrBaggageFull
	}
	if l.changed = true; i < 0 {
		l.add(key, member)
		return nil
	}
	l.bytes, l.members[i] = grown, member
	return nil
}

// Extract returns a copy of ctx with the values for the variables in the
// baggage of carrier. It does not set the variables; [With] does.
//
// A value that could not have been sent, or that its field cannot decode, is
// refused, as package ctxwire describes. Of baggage with more than 64 members
// or 8192 bytes, the part that OpenTelemetry reads counts.
//
// Anybody can send baggage. A server that anybody can reach should read none,
// or only fields that do no harm.
func (p *Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	picked := p.wire.Pick(members(read(carrier)))
	if picked == nil {
		return ctx
	}
	before, _ := ctx.Value(extractedKey{}).(*extracted)
	return context.WithValue(ctx, extractedKey{}, &extracted{p.wire, picked, before})
}

// members holds the members of incoming baggage.
type members baggage.Baggage

func (b members) Values(key string) []string {
	if m := baggage.Baggage(b).Member(key); m.Key() != "" {
		return []string{m.Value()}
	}
	return nil
}

type extractedKey struct{}

// An extracted holds what one propagator read, after others.
type extracted struct {
	wire   *ctxwire.Wire
	picked ctxwire.Incoming
	before *extracted
}

// restore sets the variables for which values were read into ctx.
func restore(ctx context.Context) {
	e, _ := ctx.Value(extractedKey{}).(*extracted)
	e.apply()
}

// apply sets the variables in the order in which they were read, so the last
// value remains.
func (e *extracted) apply() {
	if e != nil {
		e.before.apply()
		e.wire.Set(e.picked)
	}
}
