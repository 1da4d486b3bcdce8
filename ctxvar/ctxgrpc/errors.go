package ctxgrpc

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// What a [*FieldError] is about, for [errors.Is]. It may also be what a field's
// own function returned.
var (
	ErrTooLong   = errors.New("value is longer than allowed")
	ErrMalformed = errors.New("value has characters that can't be sent, or a space at its start or end")
)

// A FieldError is what a call returns if a variable has a value that can't be
// sent. Nothing was sent then. Its gRPC status has the code Internal.
type FieldError struct {
	Var string // the variable's name
	Key string // the key of the metadata
	Err error  // ErrTooLong, ErrMalformed, or what the field's function returned
}

func (e *FieldError) Error() string {
	text := "ctxgrpc: " + e.Var + " as " + e.Key + ": " + e.Err.Error()
	switch e.Err {
	case ErrTooLong:
		text += ": choose a higher MaxLen"
	case ErrMalformed:
		text += `: choose a key that ends with "-bin"`
	}
	return text
}

// Unwrap returns e.Err.
func (e *FieldError) Unwrap() error { return e.Err }

// GRPCStatus returns the status that [status.FromError] finds.
func (e *FieldError) GRPCStatus() *status.Status { return status.New(codes.Internal, e.Error()) }
