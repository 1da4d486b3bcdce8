package gls

import (
	"sync/atomic"
	"unsafe"
)

// A Ptr is an [atomic.Pointer] that can be initialised by a plain store as long
// as it is not shared. An atomic store would be a large part of the cost of
// making a small object.
type Ptr[T any] struct{ p unsafe.Pointer }

// Init stores p in c, which must not be shared yet. Whatever shares it later,
// such as a go statement, orders the store before every Load.
func (c *Ptr[T]) Init(p *T) { c.p = unsafe.Pointer(p) }

// Load returns the pointer that was stored last.
func (c *Ptr[T]) Load() *T { return (*T)(atomic.LoadPointer(&c.p)) }

// Store stores p in c.
func (c *Ptr[T]) Store(p *T) { atomic.StorePointer(&c.p, unsafe.Pointer(p)) }
