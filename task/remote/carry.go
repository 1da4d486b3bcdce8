package remote

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/ctxvar/ctxwire"
)

// carried is what crosses. mu is held while another takes its place.
var carried struct {
	mu     sync.Mutex
	fields []ctxwire.Field
	wire   atomic.Pointer[ctxwire.Wire]
}

// Carry adds to the variables that cross with each job of this program, callers
// and workers alike: both sides must name them. Call it where the program begins.
// A value that can't be sent, for one because it is too long, makes the call fail
// before anything is sent.
//
// Carry panics if two fields have the same key, or if a field can't cross.
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

// wire returns what crosses.
func wire() *ctxwire.Wire {
	if w := carried.wire.Load(); w != nil {
		return w
	}
	return nothing
}

var nothing = newWire(nil)
