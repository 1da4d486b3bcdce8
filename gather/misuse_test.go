package gather_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// The calls of this package, without any item, so that a job cannot be what panics.
func misuses(ctx context.Context, opts ...gather.Option) map[string]func() {
	each := func(context.Context, int) error { return nil }
	same := func(_ context.Context, n int) (int, error) { return n, nil }
	return map[string]func(){
		"Map":    func() { _, _ = gather.Map(ctx, nil, same, opts...) },
		"Each":   func() { _ = gather.Each(ctx, nil, each, opts...) },
		"Stream": func() { gather.Stream(ctx, slices.Values([]int{}), same, opts...) },
	}
}

func TestNilCtx(t *testing.T) {
	var none context.Context
	calls := misuses(none)
	calls["All"] = func() { _, _ = gather.All[int](none) }
	calls["Settled"] = func() { gather.Settled[int](none) }
	calls["Race"] = func() { _, _ = gather.Race[int](none) }
	calls["Any"] = func() { _, _ = gather.Any[int](none) }
	calls["WithContext"] = func() { gather.WithContext(none) }
	calls["GroupOfWithContext"] = func() { gather.GroupOfWithContext[int](none) }
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			defer func() {
				err, ok := recover().(*gather.UsageError)
				require.True(t, ok)
				assert.ErrorIs(t, err, task.ErrNilContext)
				assert.Equal(t, "gather."+name, err.Func)
			}()
			call()
		})
	}
}

func TestNilOption(t *testing.T) {
	for name, call := range misuses(t.Context(), gather.Limit(1), nil) {
		t.Run(name, func(t *testing.T) {
			defer func() { assert.IsType(t, new(gather.UsageError), recover()) }()
			call()
		})
	}
}
