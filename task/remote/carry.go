package remote

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// carried holds the fields that cross. mu is held while they are replaced.
var carried struct {
	mu     sync.Mutex
	fields []ctxwire.Field
	wire   atomic.Pointer[ctxwire.Wire]
}

// Carry adds variables to those that are sent with each job of this program.
// Callers and workers must both name them. Call it at the start of the program.
// If a value cannot be sent, for example because it is too long, the call fails
// before anything is sent.
//
// Carry panics if two fields have the same key, or if a field cannot cross.
func Carry(fields ...ctxwire.Field) {
	carried.mu.Lock()
	defer carried.mu.Unlock()
	all := slices.Concat(carried.fields, fields)
	carried.wire.Store(newWire(all)) // panics before anything is changed
	carried.fields = all
}

func newWire(fields []ctxwire.Field) *ctxwire.Wire {
	return ctxwire.NewWire(ctxwire.Protocol{Name: "remote"}, fields...)
}

// wire returns the wire of the fields that cross.
func wire() *ctxwire.Wire {
	if w := carried.wire.Load(); w != nil {
		return w
	}
	return nothing
}

var nothing = newWire(nil)
