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

// The limits of the W3C's recommendation: what everybody must pass on, and so
// what one can count on.
const (
	maxMembers = 64
	maxBytes   = 8192
)

const header = "baggage"

// A Propagator sends variables as baggage. [NewPropagator] makes it. It may be
// used by several goroutines at the same time.
//
// It goes well with [propagation.Baggage], and belongs behind it in a
// [propagation.NewCompositeTextMapPropagator]: Baggage replaces the header, and
// Propagator adds to it.
type Propagator struct {
	wire *ctxwire.Wire
	// reported has the keys of the values that the error handler was told of.
	reported sync.Map
}

var _ propagation.TextMapPropagator = (*Propagator)(nil)

// NewPropagator returns a Propagator of fields, each a member of the baggage under
// its key. It panics if two have the same key. A field made by [ctxwire.Around] is
// passed over, for a Propagator is not around anything.
func NewPropagator(fields ...ctxwire.Field) *Propagator {
	p := new(Propagator)
	p.wire = ctxwire.NewWire(ctxwire.Protocol{Name: "ctxotel", Unsent: p.report}, fields...)
	return p
}

// report tells the error handler of a value that can't be sent, once for each key,
// lest a value that comes from outside fill the log.
func (p *Propagator) report(err *ctxwire.FieldError) {
	if _, told := p.reported.LoadOrStore(err.Key, true); !told {
		otel.Handle(err)
	}
}

// Fields returns the name of the header that Inject sets.
func (p *Propagator) Fields() []string { return []string{header} }

// Inject adds the values that the running goroutine has to the baggage that
// carrier has. Where it has none, those of the snapshot that ctx carries are
// sent, see [ctxvar.NewContext]; defaults are not. A member of the same key that
// is there already is replaced.
//
// A value that can't be sent is left out: one that is longer than [ctxwire.MaxLen]
// allows, that has control characters, or with which the baggage would have more
// than 64 members or 8192 bytes. The handler of [otel.SetErrorHandler] is told so
// with a [*ctxwire.FieldError], once for each member.
func (p *Propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	bag := list{carrier: carrier}
	p.wire.Send(ctx, &bag, nil)
	if bag.changed {
		carrier.Set(header, strings.Join(bag.members, ","))
	}
}

// ErrBaggageFull is what a [*ctxwire.FieldError] is about if there is no room for a
// value.
var ErrBaggageFull = errors.New("baggage would have more than 64 members or 8192 bytes")

// A list is baggage that is being written.
type list struct {
	carrier propagation.TextMapCarrier
	loaded  bool

	keys    []string
	members []string // encoded
	bytes   int      // joined by commas
	changed bool
	// full baggage is more than there may be, and left as it is.
	full bool
}

var _ ctxwire.Limited = (*list)(nil)

// load reads the baggage that the carrier has. What is malformed in it is left out.
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

// read returns the baggage that carrier has, as OpenTelemetry reads it.
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

// Set is Put, for what there is room for.
func (l *list) Set(key, text string) { _ = l.Put(key, text) }

// Put gives the member of that key a value. It returns ErrBaggageFull, and
// changes nothing, if that is too much.
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

// Extract returns a copy of ctx that has what the baggage of carrier has for the
// variables. It sets no variable: [With] does.
//
// A value that could not have been sent, or that its field can't decode, is refused,
// as package ctxwire has it. Baggage of more than 64 members or 8192 bytes counts as
// far as OpenTelemetry reads it.
//
// Anybody can send baggage. A server that anyone can reach should read none, or
// only what does no harm.
func (p *Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	picked := p.wire.Pick(members(read(carrier)))
	if picked == nil {
		return ctx
	}
	before, _ := ctx.Value(extractedKey{}).(*extracted)
	return context.WithValue(ctx, extractedKey{}, &extracted{p.wire, picked, before})
}

// members are those of baggage that came in.
type members baggage.Baggage

func (b members) Values(key string) []string {
	if m := baggage.Baggage(b).Member(key); m.Key() != "" {
		return []string{m.Value()}
	}
	return nil
}

type extractedKey struct{}

// extracted is what one propagator read, after others.
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

// apply sets the variables in the order in which they were read: the last one
// holds.
func (e *extracted) apply() {
	if e != nil {
		e.before.apply()
		e.wire.Set(e.picked)
	}
}
