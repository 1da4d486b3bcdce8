// Package unheard passes errors that no call can return to the function that
// reports such errors.
package unheard

import (
	"context"
	"log/slog"
)

// Key is the key under which a context has the func(error) for errors that
// nobody else receives. The contexts of package task have one.
type Key struct{}

// Report reports err to the function in ctx for such errors or, if ctx has
// none, to slog.Default() at level Error.
func Report(ctx context.Context, err error) {
	if hear, ok := ctx.Value(Key{}).(func(error)); ok {
		hear(err)
		return
	}
	slog.LogAttrs(ctx, slog.LevelError, "an error that no call returns", slog.Any("err", err))
}
