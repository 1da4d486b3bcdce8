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
	// Each round has a new cache, and a request that is the first to use it.
	for _, detached := range []bool{false, true} {
		seen := make(chan string, 1)
		cache := NewCache(time.Hour, func(context.Context) string { return user.Get() })
		user.With("alice", func() {
			if detached {
				fmt.Println("the cache detaches: it loads for", cache.Get())
				return
			}
			// A cache that does not detach starts its goroutine like this.
			go func() { seen <- user.Get() }()
			fmt.Println("a bare go statement: the goroutine works for", <-seen)
		})
		cache.Close()
	}
}
