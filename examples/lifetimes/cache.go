package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Cache holds one value. The first Get starts a goroutine that loads the value again
// from time to time. That Get may belong to a request, and the goroutine outlives the
// request by far.
type Cache[T any] struct {
	load  func(context.Context) T
	every time.Duration

	start sync.Once
	value atomic.Pointer[T]
	stop  context.CancelFunc
	ended chan struct{}
}

// NewCache returns a cache of the value that load returns. It must be closed.
func NewCache[T any](every time.Duration, load func(context.Context) T) *Cache[T] {
	return &Cache[T]{load: load, every: every, stop: func() {}}
}

// Get returns the value. The first call loads it.
func (c *Cache[T]) Get() T {
	c.start.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		c.stop, c.ended = cancel, make(chan struct{})
		// The value is for all callers, so neither load nor the goroutine may have
		// variables of the caller that happens to come first.
		ctxvar.Detach(func() {
			c.refresh(ctx)
			go c.run(ctx)
		})
	})
	return *c.value.Load()
}

func (c *Cache[T]) refresh(ctx context.Context) {
	value := c.load(ctx)
	c.value.Store(&value)
}

func (c *Cache[T]) run(ctx context.Context) {
	defer close(c.ended)
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.refresh(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// Close ends the goroutine, and waits until it has ended. Get must not be called after
// it.
func (c *Cache[T]) Close() {
	c.start.Do(func() {})
	c.stop()
	if c.ended != nil {
		<-c.ended
	}
}
