package gls

import (
	"sync/atomic"
	"unsafe"
)

// A Ptr is an [atomic.Pointer] that can be filled for the price of a plain store
// as long as nobody else has it. An atomic one is a large part of what it costs
// to make something small.
type Ptr[T any] struct{ p unsafe.Pointer }

// Init stores p in c, which must not be shared yet. Whatever shares it later, a
// go statement for one, orders the store before every Load.
func (c *Ptr[T]) Init(p *T) { c.p = unsafe.Pointer(p) }

// Load returns what was stored last.
func (c *Ptr[T]) Load() *T { return (*T)(atomic.LoadPointer(&c.p)) }

// Store stores p in c.
func (c *Ptr[T]) Store(p *T) { atomic.StorePointer(&c.p, unsafe.Pointer(p)) }
