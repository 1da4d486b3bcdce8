package ctxwire

import "fmt"

// An Option configures a [Field]. See [MaxLen], [ReceiveOnly], [SendOnly] and
// [OnRefused].
type Option interface{ apply(*Field) }

type optionFunc func(*Field)

func (f optionFunc) apply(field *Field) { f(field) }

// MaxLen sets how many bytes long a field's text may be, both sent and received,
// before the encoding of the protocol; [DefaultMaxLen] if it is not given. MaxLen
// panics if n is not positive.
//
// Protocols have limits of their own, for all that a message carries together: an
// HTTP server of Go takes 1 MB, gRPC servers 8 KiB in most languages, baggage
// has 8192 bytes.
func MaxLen(n int) Option {
	if n <= 0 {
		panic(fmt.Sprintf("ctxwire: MaxLen of %d bytes", n))
	}
	return optionFunc(func(f *Field) { f.maxLen = n })
}

// ReceiveOnly makes a field one that is never sent, whatever it is given to.
func ReceiveOnly() Option { return optionFunc(func(f *Field) { f.encode = nil }) }

// SendOnly makes a field one that is never received, whatever it is given to: for
// what others should know, and nobody may say.
func SendOnly() Option {
	return optionFunc(func(f *Field) { f.decode, f.identity = nil, nil })
}

// OnRefused has f called when a text that came in is refused, in the goroutine
// that received it and before the message is handled. The error names the
// variable, the key and the reason. It has nothing of the text, which may be
// anything, but for what the field's own function says. Texts may come from anybody,
// as often as they like: count, or log with a limit. OnRefused panics if f is nil.
func OnRefused(f func(*FieldError)) Option {
	if f == nil {
		panic("ctxwire: OnRefused of a nil function")
	}
	return optionFunc(func(field *Field) { field.refused = f })
}
