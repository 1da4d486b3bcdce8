package ctxotel

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"

	"github.com/heirloom-go/heirloom/ctxvar"
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
type Propagator struct{ members []Member }

var _ propagation.TextMapPropagator = (*Propagator)(nil)

// NewPropagator returns a Propagator of members. It panics if two have the same
// key.
func NewPropagator(members ...Member) *Propagator {
	seen := map[string]string{}
	for _, m := range members {
		if m.encode == nil {
			panic("ctxotel: a zero Member: make it with String, Text or Func")
		}
		if other, ok := seen[m.key]; ok {
			panic(fmt.Sprintf("ctxotel: %s and %s have the same key, %q", other, m.name, m.key))
		}
		seen[m.key] = m.name
	}
	return &Propagator{slices.Clone(members)}
}

// Fields returns the name of the header that Inject sets.
func (p *Propagator) Fields() []string { return []string{header} }

// Inject adds the values that the running goroutine has to the baggage that
// carrier has. Where it has none, those of the snapshot that ctx carries are
// sent, see [ctxvar.NewContext]; defaults are not. A member of the same key that
// is there already is replaced.
//
// A value that can't be sent is left out: one that is longer than [MaxLen]
// allows, that has control characters, or with which the baggage would have more
// than 64 members or 8192 bytes. The handler of [otel.SetErrorHandler] is told
// so with a [*MemberError].
func (p *Propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	c := ctxvar.Copy()
	var bag *list
	for i := range p.members {
		m := &p.members[i]
		text, ok, err := m.encode(c)
		if !ok {
			if snapshot, carried := ctxvar.FromContext(ctx); carried {
				text, ok, err = m.encode(snapshot)
			}
		}
		if !ok {
			continue
		}
		if err == nil {
			err = m.check(text)
		}
		if bag == nil {
			bag = listOf(carrier)
		}
		if err == nil {
			err = bag.set(m.key, text)
		}
		if err != nil && !m.reported.Swap(true) {
			otel.Handle(&MemberError{Var: m.name, Key: m.key, Err: err})
		}
	}
	if bag != nil && bag.changed {
		carrier.Set(header, strings.Join(bag.members, ","))
	}
}

// A list is baggage that is being written.
type list struct {
	keys    []string
	members []string // encoded
	bytes   int      // joined by commas
	changed bool
	// full baggage is more than there may be, and left as it is.
	full bool
}

// listOf returns the baggage that carrier has. What is malformed in it is left
// out.
func listOf(carrier propagation.TextMapCarrier) *list {
	l := new(list)
	text := carrier.Get(header)
	if several, ok := carrier.(propagation.ValuesGetter); ok {
		text = strings.Join(several.Values(header), ",")
	}
	l.full = len(text) > maxBytes || strings.Count(text, ",") >= maxMembers
	if text == "" || l.full {
		return l
	}
	for _, m := range read(carrier).Members() {
		l.add(m.Key(), m.String())
	}
	return l
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

// set gives the member of that key a value. It returns ErrBaggageFull, and
// changes nothing, if that is too much.
func (l *list) set(key, value string) error {
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

// Extract returns a copy of ctx that has the values which the baggage of carrier
// has for the variables. It sets no variable: [With] does.
//
// A value that is malformed is taken for none: one that could not have been
// sent, or that the member can't decode. Baggage of more than 64 members or 8192
// bytes counts as far as OpenTelemetry reads it.
//
// Anybody can send baggage. A server that anyone can reach should read none, or
// only what does no harm.
func (p *Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	bag := read(carrier)
	if bag.Len() == 0 {
		return ctx
	}
	before, _ := ctx.Value(extractedKey{}).(*extracted)
	last := before
	for i := range p.members {
		m := &p.members[i]
		found := bag.Member(m.key)
		if found.Key() == "" || m.check(found.Value()) != nil {
			continue
		}
		if set, err := m.decode(found.Value()); err == nil {
			last = &extracted{set: set, before: last}
		}
	}
	if last == before {
		return ctx
	}
	return context.WithValue(ctx, extractedKey{}, last)
}

type extractedKey struct{}

// extracted is a value that was read for a variable, after others.
type extracted struct {
	set    func()
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
		e.set()
	}
}
