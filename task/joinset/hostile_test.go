package joinset_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task/joinset"
)

type asks struct{ set *joinset.Set[int] }

func (a asks) Error() string { return strconv.Itoa(a.set.Len()) + " are left" }

// The methods of a cause are not called while the set is locked.
func TestCauseThatAsksTheSet(t *testing.T) {
	set := joinset.New[int](t.Context())
	task := set.Go(func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(asks{set})
	came := make(chan error, 1)
	go func() {
		for _, err := range set.Results(ctx) {
			came <- err
		}
	}()
	select {
	case err := <-came:
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, asks{set})
	case <-time.After(time.Minute):
		t.Fatal("hangs")
	}
	set.Cancel(nil)
	<-task.Done()
}

type looks struct {
	context.Context
	set *joinset.Set[int]
}

func (l looks) Err() error {
	l.set.Len()
	return l.Context.Err()
}

// Nor are the methods of a ctx, even in a loop in a task of the set.
func TestCtxThatAsksTheSet(t *testing.T) {
	set := joinset.New[int](t.Context())
	set.Go(func(ctx context.Context) (int, error) {
		n := 0
		for range set.Results(looks{ctx, set}) {
			n++
		}
		return n, nil
	})
	came := make(chan int, 1)
	go func() {
		for n := range set.Results(t.Context()) {
			came <- n
		}
	}()
	select {
	case n := <-came:
		assert.Zero(t, n, "the task does not wait for itself")
	case <-time.After(time.Minute):
		t.Fatal("hangs")
	}
}
