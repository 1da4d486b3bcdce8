package ctxwire

import (
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// An Option configures a [Field]. See [MaxLen], [ReceiveOnly], [SendOnly] and
// [OnRefused].
type Option interface{ apply(*Field) }

type optionFunc func(*Field)

func (f optionFunc) apply(field *Field) { f(field) }

// MaxLen sets the greatest length in bytes of a field's text, both sent and
// received, before the protocol encodes it. The default is [DefaultMaxLen].
// MaxLen panics with a [*ctxvar.UsageError] if n is not positive.
//
// Protocols have limits for the total of what a message carries: an HTTP server
// of Go accepts 1 MB, gRPC servers in most languages 8 KiB, and baggage 8192
// bytes.
func MaxLen(n int) Option {
	if n <= 0 {
		panic(&ctxvar.UsageError{Func: "ctxwire.MaxLen", Problem: fmt.Sprintf("%d bytes; it must be positive", n)})
	}
	return optionFunc(func(f *Field) { f.maxLen = n })
}

// ReceiveOnly makes a field that is never sent, whichever adapter it is given
// to.
func ReceiveOnly() Option { return optionFunc(func(f *Field) { f.encode = nil }) }

// SendOnly makes a field that is never received, whichever adapter it is given
// to: others may learn its value but not set it.
func SendOnly() Option {
	return optionFunc(func(f *Field) { f.decode, f.identity = nil, nil })
}

// OnRefused registers f to be called when an incoming text is refused, in the
// goroutine that received it and before the message is handled. The error names
// the variable, the key and the reason. It contains nothing of the text, which
// may be anything, except what the field's own function says. Anybody may send
// such texts, as often as they like, so f should count, or log with a limit.
// OnRefused panics with a [*ctxvar.UsageError] if f is nil.
func OnRefused(f func(*FieldError)) Option {
	if f == nil {
		panic(&ctxvar.UsageError{Func: "ctxwire.OnRefused", Problem: "nil function; pass one that counts or logs what is refused"})
	}
	return optionFunc(func(field *Field) { field.refused = f })
}
