package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A Cache holds one value, and loads it anew from time to time in a goroutine
// that the first Get starts. That Get may be a request's, and the goroutine
// outlives it by far.
type Cache[T any] struct {
	load  func(context.Context) T
	every time.Duration

	start sync.Once
	value atomic.Pointer[T]
	stop  context.CancelFunc
	ended chan struct{}
}

// NewCache returns a cache of what load returns. Close it when done.
func NewCache[T any](every time.Duration, load func(context.Context) T) *Cache[T] {
	return &Cache[T]{load: load, every: every, stop: func() {}}
}

// Get returns the value. The first call loads it.
func (c *Cache[T]) Get() T {
	c.start.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		c.stop, c.ended = cancel, make(chan struct{})
		// What is loaded is for everyone: neither load nor the goroutine may
		// have anything of whoever happens to come first.
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

// Close ends the goroutine, and waits until it has ended. No Get may come after.
func (c *Cache[T]) Close() {
	c.start.Do(func() {})
	c.stop()
	if c.ended != nil {
		<-c.ended
	}
}
