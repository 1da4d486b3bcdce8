package ctxwire

import "errors"

// The faults that a [*FieldError] reports, for use with [errors.Is]. It may
// also report an error that a field's own function returned.
var (
	ErrTooLong   = errors.New("value is longer than allowed")
	ErrMalformed = errors.New("value has characters that this protocol can't carry as they are")
	// ErrRepeated reports a key that came with more than one text. Choosing the
	// first or the last would let two programs see different values in one
	// message.
	ErrRepeated = errors.New("value was sent more than once")
)

// ErrNotCalled is the error of [Wire.Receive] and [Wire.Send] if a function
// given to [Around] did not call the function passed to it.
var ErrNotCalled = errors.New("ctxwire: a function given to Around did not call the function it was given")

// A FieldError says why the value of a variable was not sent, or why an
// incoming text was refused. It contains nothing of the value, except what the
// field's own function says about a variable that is not secret.
type FieldError struct {
	Protocol string // the name of the adapter's package
	Var      string // the variable's name
	Key      string // as the protocol writes it
	Err      error  // ErrTooLong, ErrMalformed, ErrRepeated, or what the field's function returned
}

func (e *FieldError) Error() string {
	text := e.Protocol + ": " + e.Var + " as " + e.Key + ": " + e.Err.Error()
	switch e.Err {
	case ErrTooLong:
		text += ": choose a higher MaxLen"
	case ErrMalformed:
		text += ": encode it, with Func"
	}
	return text
}

// Unwrap returns e.Err.
func (e *FieldError) Unwrap() error { return e.Err }
