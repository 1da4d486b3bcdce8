package task_test

import (
	"bytes"
	"context"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task"
)

func TestNames(t *testing.T) {
	a, b := task.Go(t.Context(), one), task.Go(t.Context(), one, task.Name("b"))
	assert.Regexp(t, `^task_test\.one-\d+$`, a.Name())
	assert.Equal(t, "b", b.Name())
	assert.Less(t, a.ID(), b.ID())
	c := task.Go(t.Context(), b.Await)
	assert.Regexp(t, `^task\.\(\*Task\)\.Await-\d+$`, c.Name(), "a method of a generic type")
	d := task.Go(t.Context(), generic[*task.Task[int]])
	assert.Regexp(t, `^task_test\.generic-\d+$`, d.Name())
	for _, child := range []task.Handle{a, b, c, d} {
		<-child.Done()
	}
}

func generic[T any](context.Context) (T, error) { return *new(T), nil }

func goroutineProfile(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&b, 1))
	return b.String()
}

func TestProfileLabel(t *testing.T) {
	ctx := t.Context()
	child := task.Go(ctx, func(ctx context.Context) (none, error) {
		user.Set("alice")
		label, ok := pprof.Label(ctx, "task")
		assert.True(t, ok)
		assert.Equal(t, "labelled", label)
		assert.Contains(t, goroutineProfile(t), `labels: {"task":"labelled"}`)
		plain := task.Go(ctx, func(ctx context.Context) (string, error) {
			assert.Contains(t, goroutineProfile(t), `# labels: {"task":"labelled"}`, "it is inherited")
			return user.Get(), nil
		})
		seen, err := plain.Await(ctx)
		assert.Equal(t, "alice", seen)
		return none{}, err
	}, task.ProfileLabel(), task.Name("labelled"))
	_, err := child.Await(ctx)
	assert.NoError(t, err)
	got, _ := user.In(child.Context())
	assert.Equal(t, "alice", got)
}

// The label takes nothing away from a goroutine that reads a variable only after the
// task has changed one.
func TestProfileLabelKeepsTheVariablesOfWhatTheTaskStarts(t *testing.T) {
	defer user.Set("alice").Reset()
	changed, seen := make(chan struct{}), make(chan string, 1)
	_, err := task.Go(t.Context(), func(context.Context) (none, error) {
		go func() { <-changed; seen <- user.Get() }()
		user.Set("bob")
		close(changed)
		return none{}, nil
	}, task.ProfileLabel()).Await(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "alice", <-seen)
}

func TestProfileLabelOfAFunctionThatEndsBadly(t *testing.T) {
	ctx := t.Context()
	_, err := task.Go(ctx, func(context.Context) (none, error) { panic(errMine) }, task.ProfileLabel()).Await(ctx)
	var pe *task.PanicError
	require.ErrorAs(t, err, &pe)
	assert.Contains(t, lines(pe.Stack)[0], "TestProfileLabelOfAFunctionThatEndsBadly")
}

// The trace's own format has the names as they are.
func TestExecutionTrace(t *testing.T) {
	if trace.IsEnabled() {
		t.Skip("an execution trace is being taken already")
	}
	var b bytes.Buffer
	before := task.Go(t.Context(), one, task.Name("begun before the trace"))
	require.NoError(t, trace.Start(&b))
	_, err := task.Run(t.Context(), func(ctx context.Context) (none, error) {
		return none{}, task.Group(ctx, func(ctx context.Context) error {
			child := task.Go(ctx, after(tenth/100, 1), task.Name("traced child"))
			_, err := child.Await(ctx)
			return err
		})
	}, task.Name("traced main"))
	<-before.Done()
	trace.Stop()
	assert.NoError(t, err)
	for _, name := range []string{"traced main", "traced child", "task.Await", "task.Sleep", "task.Group"} {
		assert.True(t, bytes.Contains(b.Bytes(), []byte(name)), "%s is not in the trace", name)
	}
	assert.False(t, bytes.Contains(b.Bytes(), []byte("begun before")))
}

func TestToThreadKeepsTheVariables(t *testing.T) {
	ctx := t.Context()
	defer user.Set("alice").Reset()
	seen, err := task.ToThread(ctx, func(ctx context.Context) (string, error) {
		assert.NotNil(t, task.Current())
		seen := user.Get()
		user.Set("bob")
		return seen, nil
	})
	assert.NoError(t, err)
	assert.Equal(t, "alice", seen)
	assert.Equal(t, "alice", user.Get())
}

// Options may be kept and used again, for tasks of any type, even at the same time.
func TestOptionsMayBeShared(t *testing.T) {
	opts := []task.Option{task.Name("shared"), task.Timeout(1 << 40)}
	shared := opts[:1] // with room behind, that must not be written to
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			_, err := task.Shield(context.Background(), one, shared...)
			assert.NoError(t, err)
			_, err = task.ToThread(context.Background(), func(context.Context) (string, error) { return "", nil }, shared...)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	limited, err := task.Run(t.Context(), func(ctx context.Context) (bool, error) { _, ok := ctx.Deadline(); return ok, nil }, opts...)
	assert.NoError(t, err)
	assert.True(t, limited)
}
