package ctxwire

import (
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Wire is a [Protocol] together with the fields that are sent over it. An
// adapter makes one of the fields that it is given. A Wire is immutable, so
// several goroutines may use it at the same time.
type Wire struct {
	protocol    Protocol
	traceparent string
	handling    any     // a handlingKey; present in a ctx made by the wire
	fields      []Field // with keys in the form of the protocol
}

// NewWire returns a Wire. It panics with a [*ctxvar.UsageError] if two fields
// that are sent, or two that are received, have the same key, if the protocol
// does not allow a field's key, or if a field is the zero Field.
func NewWire(p Protocol, fields ...Field) *Wire {
	if p.Key == nil {
		p.Key = func(key string) (string, error) { return key, nil }
	}
	if p.Valid == nil {
		p.Valid = func(_, text string) bool { return IsText(text) }
	}
	w := &Wire{protocol: p, handling: handlingKey(p.Name), fields: make([]Field, 0, len(fields))}
	w.traceparent, _ = p.Key(traceparentKey)
	sent, received := map[string]string{}, map[string]string{}
	for _, f := range fields {
		switch {
		case f.from != nil, f.receiving != nil, f.sending != nil:
		case f.key == "":
			panic(&ctxvar.UsageError{Func: p.Name, Problem: "a zero Field; make it with a function of package ctxwire"})
		default:
			key, err := p.Key(f.key)
			if err != nil {
				panic(&ctxvar.UsageError{Func: p.Name, Problem: fmt.Sprintf("%q is no key for %s: %v", f.key, f.name, err), Err: err})
			}
			f.key = key
			if f.encode != nil {
				p.checkUnique(sent, f)
			}
			if f.decode != nil {
				p.checkUnique(received, f)
			}
		}
		w.fields = append(w.fields, f)
	}
	return w
}

// checkUnique panics if another field than f has its key.
func (p *Protocol) checkUnique(seen map[string]string, f Field) {
	if other, ok := seen[f.key]; ok {
		panic(&ctxvar.UsageError{Func: p.Name, Problem: fmt.Sprintf("%s and %s have the same key, %q; give one of them another", other, f.name, f.key)})
	}
	seen[f.key] = f.name
}

// check returns nil if the field's text may be sent or received.
func (w *Wire) check(f *Field, text string) error {
	switch {
	case len(text) > f.maxLen:
		return ErrTooLong
	case !w.protocol.Valid(f.key, text):
		return ErrMalformed
	}
	return nil
}

func (w *Wire) errorOf(f *Field, err error) *FieldError {
	if f.secret && err != ErrTooLong && err != ErrRepeated {
		err = ErrMalformed // not the error of a function, which may contain the value
	}
	return &FieldError{Protocol: w.protocol.Name, Var: f.name, Key: f.key, Err: err}
}
