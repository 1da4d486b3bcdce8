package main_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/robfig/cron/v3"
	"golang.org/x/sync/singleflight"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// The recipes of docs/lifetimes.md for work that is done once for all callers, or at
// set times.

// singleflight runs the function in the goroutine of the first caller, and all callers
// that come in the meantime get its result.
func Example_singleflight() {
	var g singleflight.Group
	load := func() (any, error) { return "loaded for " + tenant.Get(), nil }

	request("acme", func(context.Context) {
		bare, _, _ := g.Do("prices", load)
		shared, _, _ := g.Do("prices", func() (any, error) { return ctxvar.Call(ctxvar.Empty(), load) })
		fmt.Println(bare)
		fmt.Println(shared)
	})
	// Output:
	// loaded for acme
	// loaded for nobody
}

// Work for all callers may need a deadline or a span of the ctx, but not the variables
// that the ctx carries. NewContext within Detach replaces them by none.
func Example_singleflightCtx() {
	var g singleflight.Group
	load := func(ctx context.Context) (any, error) {
		name, _ := tenant.In(ctxvar.Effective(ctx)) // as a logger does
		return fmt.Sprintf("logged for %q", name), nil
	}

	request("acme", func(ctx context.Context) {
		ctx = context.WithoutCancel(ctx) // other callers do not give up with the first
		older, _, _ := g.Do("prices", func() (any, error) {
			return ctxvar.Call(ctxvar.Empty(), func() (any, error) { return load(ctx) })
		})
		shared, _, _ := g.Do("prices", func() (any, error) {
			return ctxvar.Call(ctxvar.Empty(), func() (any, error) { return load(ctxvar.NewContext(ctx)) })
		})
		fmt.Println(older)
		fmt.Println(shared)
	})
	// Output:
	// logged for "acme"
	// logged for ""
}

// cron starts a goroutine for each run from the goroutine that Start started, so the
// run has the values of the caller of Start.
func Example_cron() {
	c := cron.New()
	first := func(said chan<- string) func() {
		return func() {
			select {
			case said <- tenant.Get():
			default: // a later run
			}
		}
	}
	bare, own := make(chan string, 1), make(chan string, 1)
	for _, job := range []func(){
		first(bare),
		func() { ctxvar.Detach(func() { ctxvar.Work(first(own)) }) },
	} {
		if _, err := c.AddFunc("@every 1s", job); err != nil {
			panic(err)
		}
	}

	request("acme", func(context.Context) { c.Start() })
	fmt.Println(<-bare)
	fmt.Println(<-own)
	<-c.Stop().Done()
	// Output:
	// acme
	// nobody
}

// sync.Once, OnceFunc and OnceValue run the function in the goroutine of the first
// caller.
func Example_once() {
	var bare, detached string
	var once, onceDetached sync.Once
	load := func(to *string) { *to = "loaded for " + tenant.Get() }

	request("acme", func(context.Context) {
		once.Do(func() { load(&bare) })
		onceDetached.Do(func() { ctxvar.Detach(func() { load(&detached) }) })
	})
	request("umbrella", func(context.Context) {
		fmt.Println(bare)
		fmt.Println(detached)
	})
	// Output:
	// loaded for acme
	// loaded for nobody
}

// context.AfterFunc starts a goroutine from the one that cancels, which may serve another
// request: here, that of another tenant.
func Example_contextAfterFunc() {
	said := make(chan string)
	clean := func() { said <- "cleans up for " + tenant.Get() }

	var stop context.CancelFunc
	request("acme", func(ctx context.Context) {
		ctx, stop = context.WithCancel(ctx)
		context.AfterFunc(ctx, clean)
		context.AfterFunc(ctx, func() { ctxvar.RunFrom(ctx, clean) })
	})
	request("umbrella", func(context.Context) { stop() })
	fmt.Println(<-said)
	fmt.Println(<-said)
	// Unordered output:
	// cleans up for umbrella
	// cleans up for acme
}

// A janitor that the first request starts keeps that request's values for as long as it
// runs.
func Example_janitor() {
	var janitors sync.WaitGroup
	over := make(chan struct{})
	said := make([]string, 2)
	janitor := func(to *string) func() {
		return func() {
			<-over
			*to = "cleans up for " + tenant.Get()
		}
	}

	request("acme", func(context.Context) {
		janitors.Go(janitor(&said[0]))
		ctxvar.Detach(func() { janitors.Go(janitor(&said[1])) })
	})
	close(over)
	janitors.Wait()
	for _, s := range said {
		fmt.Println(s)
	}
	// Output:
	// cleans up for acme
	// cleans up for nobody
}
