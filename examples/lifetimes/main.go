// Command lifetimes shows what keeps a request's values alive after it, how to
// see it, and how to stop it. It goes with docs/lifetimes.md.
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
	// Two requests come first to a cache that starts its goroutine lazily.
	for _, detached := range []bool{false, true} {
		seen := make(chan string, 1)
		cache := NewCache(time.Hour, func(context.Context) string { return user.Get() })
		user.With("alice", func() {
			if detached {
				fmt.Println("the cache detaches: it loads for", cache.Get())
				return
			}
			// What a cache does that knows nothing of variables.
			go func() { seen <- user.Get() }()
			fmt.Println("a bare go statement: the goroutine works for", <-seen)
		})
		cache.Close()
	}
}
