// Command lifetimes shows what keeps a request's values alive after the request, how to
// see it, and how to prevent it. It belongs to docs/lifetimes.md.
//
//	go run ./examples/lifetimes
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
)

var user = ctxvar.New("user", ctxvar.Default("nobody"))

func main() {
	// Two requests are the first to use a cache that starts its goroutine lazily.
	for _, detached := range []bool{false, true} {
		seen := make(chan string, 1)
		cache := NewCache(time.Hour, func(context.Context) string { return user.Get() })
		user.With("alice", func() {
			if detached {
				fmt.Println("the cache detaches: it loads for", cache.Get())
				return
			}
			// This is a cache that knows nothing of variables.
			go func() { seen <- user.Get() }()
			fmt.Println("a bare go statement: the goroutine works for", <-seen)
		})
		cache.Close()
	}
}
