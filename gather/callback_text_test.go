package gather_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// textless is an error whose text ends the goroutine that asks for it.
type textless struct{ _ int }

func (*textless) Error() string { runtime.Goexit(); return "" }

// A call returns an error that has another one in it without asking that for its text.
func TestTextOfAFailureIsNotAskedFor(t *testing.T) {
	failure := &textless{}
	fails := func(context.Context, int) (int, error) { return 0, failure }
	forever := func(error) bool { return true }
	for name, call := range map[string]func(ctx context.Context, cancel func()) error{
		"beside jobs that never started": func(ctx context.Context, cancel func()) error {
			_, err := gather.Map(ctx, upTo(2), func(context.Context, int) (int, error) {
				cancel()
				return 0, failure
			}, gather.Limit(1))
			return err
		},
		"named by a function that panics": func(ctx context.Context, _ func()) error {
			_, err := gather.Map(ctx, upTo(1), fails, gather.Name(func(int) string { panic(errBoom) }))
			return err
		},
		"after the last attempt": func(ctx context.Context, _ func()) error {
			_, err := gather.Map(ctx, upTo(1), fails, gather.Retry(2, gather.Constant(0), forever))
			return err
		},
		"not tried again": func(ctx context.Context, _ func()) error {
			_, err := gather.Map(ctx, upTo(1), fails, gather.Retry(2, func(int, error) time.Duration { panic(errBoom) }, forever))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got error
			_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				got = call(ctx, cancel)
				return 0, nil
			})
			assert.NoError(t, err, "the call returned")
			assert.ErrorIs(t, got, failure)
		})
	}
}
