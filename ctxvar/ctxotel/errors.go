package ctxotel

import "errors"

// What a [*MemberError] is about, for [errors.Is]. It may also be what a member's
// own function returned.
var (
	ErrTooLong     = errors.New("value is longer than allowed")
	ErrMalformed   = errors.New("value is not UTF-8, or has control characters")
	ErrBaggageFull = errors.New("baggage would have more than 64 members or 8192 bytes")
)

// A MemberError is what the handler of [go.opentelemetry.io/otel.SetErrorHandler]
// is told if a variable has a value that can't be sent. It is told once for each
// member of a [Propagator], lest a value that comes from outside fill the log.
type MemberError struct {
	Var string // the variable's name
	Key string // the member's key
	Err error  // ErrTooLong, ErrMalformed, ErrBaggageFull, or what the member's function returned
}

func (e *MemberError) Error() string {
	text := "ctxotel: " + e.Var + " is not sent as " + e.Key + ": " + e.Err.Error()
	switch e.Err {
	case ErrTooLong:
		text += ": choose a higher MaxLen"
	case ErrMalformed:
		text += ": encode it, with Func"
	case ErrBaggageFull:
		text += ": send less"
	}
	return text
}

// Unwrap returns e.Err.
func (e *MemberError) Unwrap() error { return e.Err }
