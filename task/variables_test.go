package task_test

import (
	"context"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

func TestGoCopiesTheCallersVariables(t *testing.T) {
	ctx := t.Context()
	defer user.Set("alice").Reset()
	started := make(chan struct{})
	child := task.Go(ctx, func(context.Context) (string, error) {
		<-started
		before := user.Get()
		user.Set("bob")
		return before, nil
	})
	user.Set("carol")
	close(started)
	before, err := child.Await(ctx)
	assert.NoError(t, err)
	assert.Equal(t, "alice", before, "the copy is taken by the call of Go")
	assert.Equal(t, "carol", user.Get(), "what the task sets is its own")

	got, ok := user.In(child.Context())
	assert.True(t, ok)
	assert.Equal(t, "bob", got, "the task's variables outlive it")
}

// pprof.Do overwrites the slot with a goroutine's variables, and restores it from the
// ctx that it is given.
func TestVariablesSurvivePprofDo(t *testing.T) {
	inDo := func(t *testing.T, ctx context.Context) {
		user.Set("before")
		pprof.Do(ctx, pprof.Labels("k", "v"), func(ctx context.Context) {
			assert.Equal(t, "before", user.Get())
			user.Set("inside")
			pprof.Do(ctx, pprof.Labels("l", "w"), func(context.Context) {
				assert.Equal(t, "inside", user.Get())
				user.Set("further inside")
			})
			assert.Equal(t, "further inside", user.Get())
			child := task.Go(ctx, func(ctx context.Context) (string, error) {
				label, _ := pprof.Label(ctx, "k")
				return label + " " + user.Get(), nil
			})
			seen, err := child.Await(context.Background())
			assert.NoError(t, err)
			assert.Equal(t, "v further inside", seen)
		})
		assert.Equal(t, "further inside", user.Get())
		held, ok := ctxvar.FromContext(ctx)
		assert.True(t, ok)
		assert.NotNil(t, held)
	}
	t.Run("ctx of a task", func(t *testing.T) {
		child := task.Go(context.Background(), func(ctx context.Context) (int, error) { inDo(t, ctx); return 0, nil })
		_, err := child.Await(t.Context())
		assert.NoError(t, err)
		final, _ := user.In(child.Context())
		assert.Equal(t, "further inside", final)
	})
	t.Run("ctx of a Group", func(t *testing.T) {
		assert.NoError(t, task.Group(context.Background(), func(ctx context.Context) error { inDo(t, ctx); return nil }))
	})
	t.Run("ctx of a Group in a task", func(t *testing.T) {
		_, err := task.Run(context.Background(), func(ctx context.Context) (int, error) {
			return 0, task.Group(ctx, func(ctx context.Context) error { inDo(t, ctx); return nil })
		})
		assert.NoError(t, err)
	})
	t.Run("never set", func(t *testing.T) {
		_, err := task.Run(context.Background(), func(ctx context.Context) (int, error) {
			pprof.Do(ctx, pprof.Labels("k", "v"), func(context.Context) { user.Set("inside") })
			assert.Equal(t, "inside", user.Get())
			return 0, nil
		})
		assert.NoError(t, err)
	})
}

func TestContextOfATaskCarriesItsVariables(t *testing.T) {
	_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
		user.Set("alice")
		c, ok := ctxvar.FromContext(ctx)
		assert.True(t, ok)
		got, _ := user.In(c)
		assert.Equal(t, "alice", got, "the newest, not those the task began with")
		return 0, nil
	})
	assert.NoError(t, err)
}

func TestInContext(t *testing.T) {
	ctx := t.Context()
	c := ctxvar.Empty()
	_, err := task.Go(ctx, func(context.Context) (int, error) { user.Set("bob"); return 0, nil }, task.InContext(c)).Await(ctx)
	assert.NoError(t, err)
	got, _ := user.In(c)
	assert.Equal(t, "bob", got, "the task ran in the Context itself")

	second := task.Go(ctx, func(context.Context) (task.Handle, error) { return task.Current(), nil }, task.InContext(c))
	current, err := second.Await(ctx)
	assert.NoError(t, err)
	assert.Equal(t, task.Handle(second), current)
	assert.Same(t, c, second.Context())

	c.Run(func() {
		_, err := task.Go(ctx, func(context.Context) (int, error) { return 0, nil }, task.InContext(c)).Await(ctx)
		var ee *ctxvar.EnterError
		assert.ErrorAs(t, err, &ee)
	})
}
