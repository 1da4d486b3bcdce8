package main_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
	lifetimes "github.com/heirloom-go/heirloom/examples/lifetimes"
)

var tenant = ctxvar.New("tenant", ctxvar.Default("nobody"))

func load(context.Context) string { return "prices, loaded for " + tenant.Get() }

func ExampleCache() {
	prices := lifetimes.NewCache(time.Minute, load)
	defer prices.Close()

	tenant.With("acme", func() { fmt.Println(prices.Get()) })
	tenant.With("umbrella", func() { fmt.Println(prices.Get()) })
	// Output:
	// prices, loaded for nobody
	// prices, loaded for nobody
}

func TestCacheKeepsNothing(t *testing.T) {
	prices := lifetimes.NewCache(time.Hour, load)
	s := serve("cache", func() { prices.Get() })
	assertHeirs(t, "cache", "github.com/heirloom-go/heirloom/examples/lifetimes.(*Cache[...]).run")
	assertCollected(t, s, "and keeps nothing of it")
	prices.Close()
	lifetimes.NewCache(time.Hour, load).Close() // never used
}

func TestCacheRefreshes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		count := lifetimes.NewCache(time.Minute, func(context.Context) int { n++; return n })
		defer count.Close()
		assert.Equal(t, 1, count.Get())
		time.Sleep(3*time.Minute + time.Second)
		assert.Equal(t, 4, count.Get())
	})
}

// The other ways in which values outlive their request are under the program's control:
// a Context, a ctx or a Token that it keeps.
func TestWhatAProgramKeeps(t *testing.T) {
	for name, keep := range map[string]func() any{
		"a Context":         func() any { return ctxvar.Copy() },
		"a ctx with a copy": func() any { return ctxvar.NewContext(context.Background()) },
		"a Token":           func() any { return tenant.Set("acme") },
	} {
		t.Run(name, func(t *testing.T) {
			var kept any
			s := serve(name, func() { kept = keep() })
			assertKept(t, s)
			if token, ok := kept.(*ctxvar.Token[string]); ok {
				assert.Panics(t, token.Reset, "it is of another goroutine")
			}
			kept = nil
			assertCollected(t, s)
		})
	}
}
