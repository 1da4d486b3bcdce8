package task_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
)

// A moodCtx is a ctx whose error is what why returns. It is asked only once it is done.
type moodCtx struct {
	context.Context
	done chan struct{}
	why  func() error
}

func (m *moodCtx) Done() <-chan struct{} { return m.done }
func (m *moodCtx) Err() error            { return m.why() }

// Contexts of package context, which Within and WaitFor derive from the given one, ask it
// for its error in goroutines of their own: there a ctx that does not answer would end the
// program.
func TestLimitOfACtxThatDoesNotSayWhyItIsDone(t *testing.T) {
	whys := map[string]func() error{
		"nil":    func() error { return nil },
		"panics": func() error { panic(errMine) },
	}
	waits := map[string]func(ctx context.Context) error{
		"Within": func(ctx context.Context) error {
			_, err := task.Within(ctx, time.Hour, func(ctx context.Context) (none, error) { <-ctx.Done(); return none{}, ctx.Err() })
			return err
		},
		"WaitFor": func(ctx context.Context) error {
			_, err := task.WaitFor(ctx, task.Start(context.Background(), func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }), time.Hour)
			return err
		},
	}
	for mood, why := range whys {
		for name, wait := range waits {
			ctx := &moodCtx{context.Background(), make(chan struct{}), why}
			time.AfterFunc(time.Millisecond, func() { close(ctx.done) })
			err := wait(ctx)
			assert.ErrorIs(t, err, context.Canceled, "%s, %s", name, mood)
			if mood == "panics" {
				assert.ErrorIs(t, err, errMine, "%s, %s", name, mood)
			}
		}
	}
}
