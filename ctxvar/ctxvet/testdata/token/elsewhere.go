package token

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"golang.org/x/sync/singleflight"
)

func elsewhereByName(ctx context.Context, items []int, g *gather.GroupOf[int]) {
	t := v.Set(1)
	ctxvar.RunFrom(ctx, t.Reset)                   // want `another Context`
	ctxvar.Work(func() { t.Reset() })              // want `another Context`
	ctxvar.Work(func() { defer v.Set(2).Reset() }) // its own
	v.With(3, func() { ctxvar.Work(func() {}) })   //
	task.Run(ctx, func(context.Context) (int, error) {
		t.Reset() // want `another goroutine`
		return 0, nil
	})
	task.Start(ctx, func(context.Context) error {
		t.Reset() // want `another goroutine`
		return nil
	})
	task.Group(ctx, func(context.Context) error {
		t.Reset() // in the caller's goroutine
		return nil
	})
	gather.Each(ctx, items, func(context.Context, int) error {
		t.Reset() // want `another goroutine`
		return nil
	})
	g.Go(func() (int, error) {
		t.Reset() // want `another goroutine`
		return 0, nil
	})
	iter.Pull(func(yield func(int) bool) {
		t.Reset() // want `another goroutine`
	})
	new(singleflight.Group).DoChan("key", func() (any, error) {
		t.Reset() // want `another goroutine`
		return nil, nil
	})
	new(singleflight.Group).Do("key", func() (any, error) {
		t.Reset() // in the caller's goroutine, if at all
		return nil, nil
	})
}

func inBubble(t *testing.T) {
	tok := v.Set(1)
	synctest.Test(t, func(t *testing.T) {
		tok.Reset() // want `another goroutine`
	})
}

func fuzz(f *testing.F) {
	tok := v.Set(1)
	f.Fuzz(func(t *testing.T, n int) {
		tok.Reset() // want `another goroutine`
	})
}
