package shared_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
	"github.com/heirloom-go/heirloom/task/shared"
)

// A callback may use the Calls, even that of a task that was refused, and even for the
// same key: it joins that call.
func TestCallbackOfARefusedTaskUsesTheCalls(t *testing.T) {
	var errs []error
	for name, use := range map[string]func(calls *shared.Calls[int, int], key int){
		"Len": func(calls *shared.Calls[int, int], _ int) { calls.Len() },
		"the key": func(calls *shared.Calls[int, int], key int) {
			_, err := calls.Do(context.Background(), key)
			errs = append(errs, err)
		},
		"another key": func(calls *shared.Calls[int, int], _ int) {
			_, err := calls.Do(context.Background(), 2)
			errs = append(errs, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var calls *shared.Calls[int, int]
			_ = task.Group(t.Context(), func(ctx context.Context) error {
				calls = shared.New(ctx, func(context.Context, int) (int, error) { return 1, nil },
					scope.OnEnd(func(h task.Handle) {
						key, _ := strconv.Atoi(h.Name())
						use(calls, key)
					}))
				return nil
			})
			errs = nil
			got := make(chan error, 1)
			go func() { _, err := calls.Do(context.Background(), 1); got <- err }()
			select {
			case err := <-got:
				assert.ErrorIs(t, err, task.ErrEnded)
			case <-time.After(3 * time.Second):
				t.Fatal("hangs")
			}
			for _, err := range errs {
				assert.ErrorIs(t, err, task.ErrEnded)
			}
			assert.Zero(t, calls.Len())
		})
	}
}
