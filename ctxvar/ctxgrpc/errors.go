package ctxgrpc

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// internal is an error of this package or of ctxwire, with the gRPC status code
// Internal. It unwraps to the error itself, for errors.As.
type internal struct{ err error }

func (e *internal) Error() string {
	if errors.Is(e.err, ctxwire.ErrMalformed) {
		return e.err.Error() + `, or choose a key that ends with "-bin"`
	}
	return e.err.Error()
}

func (e *internal) Unwrap() error { return e.err }

// GRPCStatus returns the status that [status.FromError] finds.
func (e *internal) GRPCStatus() *status.Status { return status.New(codes.Internal, e.Error()) }
