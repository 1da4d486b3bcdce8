// Package unheard is the way of an error that no call can return to whoever hears
// of those.
package unheard

import (
	"context"
	"log/slog"
)

// Key is the key under which a context has the func(error) that hears of errors
// that nobody else does. The contexts of package task have one.
type Key struct{}

// Report tells of err: the function that ctx has for that, or slog.Default() at
// level Error if ctx has none.
func Report(ctx context.Context, err error) {
	if hear, ok := ctx.Value(Key{}).(func(error)); ok {
		hear(err)
		return
	}
	slog.LogAttrs(ctx, slog.LevelError, "an error that no call returns", slog.Any("err", err))
}
