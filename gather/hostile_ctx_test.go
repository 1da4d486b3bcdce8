package gather_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// A hostileCtx is a context of a user's type, with an Err that does what it likes once
// the context has ended.
type hostileCtx struct {
	context.Context
	done chan struct{}
	do   atomic.Pointer[func()]
}

func (c *hostileCtx) Done() <-chan struct{} { return c.done }

func (c *hostileCtx) Err() error {
	if do := c.do.Load(); do != nil {
		(*do)()
		return context.DeadlineExceeded
	}
	return nil
}

func (c *hostileCtx) end(do func()) {
	c.do.Store(&do)
	close(c.done)
}

// Whatever the Err of the caller's ctx does, a call ends with an error and affects
// nothing else.
func TestHostileCtx(t *testing.T) {
	errHostile := errors.New("hostile")
	items := []int{0, 1, 2, 3, 4, 5, 6, 7}
	calls := map[string]func(ctx context.Context, job func(context.Context, int) (int, error)) error{
		"Map": func(ctx context.Context, job func(context.Context, int) (int, error)) error {
			_, err := gather.Map(ctx, items, job)
			return err
		},
		"Map with a limit": func(ctx context.Context, job func(context.Context, int) (int, error)) error {
			_, err := gather.Map(ctx, items, job, gather.Limit(2))
			return err
		},
		"Map with weights": func(ctx context.Context, job func(context.Context, int) (int, error)) error {
			_, err := gather.Map(ctx, items, job, gather.Weight(2, func(int) int64 { return 1 }))
			return err
		},
		"Stream": func(ctx context.Context, job func(context.Context, int) (int, error)) error {
			var errs []error
			for _, err := range gather.Stream(ctx, slices.Values(items), job, gather.Limit(2)) {
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		},
		"Group": func(ctx context.Context, job func(context.Context, int) (int, error)) error {
			g, ctx := gather.WithContext(ctx)
			for _, i := range items {
				g.Go(func() error { _, err := job(ctx, i); return err })
			}
			return g.Wait()
		},
	}
	for name, hostility := range map[string]func(){
		"panics":    func() { panic(errHostile) },
		"exits":     runtime.Goexit,
		"looks":     func() { task.Snapshot() },
		"behaves":   func() {},
		"nil error": func() { panic(nil) }, //nolint:govet // it is what is tried
	} {
		for kind, call := range calls {
			t.Run(kind+"/"+name, func(t *testing.T) {
				ended := make(chan error, 1)
				go func() {
					_, err := task.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
						c := &hostileCtx{Context: ctx, done: make(chan struct{})}
						var once atomic.Bool
						return struct{}{}, call(c, func(ctx context.Context, _ int) (int, error) {
							if once.CompareAndSwap(false, true) {
								c.end(hostility)
							}
							<-ctx.Done()
							return 0, ctx.Err()
						})
					})
					ended <- err
				}()
				select {
				case err := <-ended:
					require.Error(t, err)
					if name == "panics" && kind != "Group" {
						assert.ErrorIs(t, err, errHostile, "why the ctx did not say")
					}
				case <-time.After(time.Minute):
					t.Fatal("hangs")
				}
			})
		}
	}
}

// A faultyCtx panics when it is asked for a value, from a moment on.
type faultyCtx struct {
	context.Context
	faulty atomic.Bool
}

func (c *faultyCtx) Value(key any) any {
	if c.faulty.Load() {
		panic("faulty")
	}
	return c.Context.Value(key)
}

// If the caller's ctx panics in Wait, that panics too, but the functions do not outlive it,
// and what failed is heard of.
func TestWaitWithACtxThatPanics(t *testing.T) {
	for name, tt := range map[string]struct {
		early error
		late  func(ctx context.Context) error
		heard string
	}{
		"nothing failed": {nil, func(context.Context) error { return nil }, ""},
		"one gave up":    {nil, func(ctx context.Context) error { return ctx.Err() }, ""},
		"one failed":     {errBoom, func(ctx context.Context) error { return ctx.Err() }, "boom"},
		"one panics":     {nil, func(context.Context) error { panic(errCrash) }, "crash"},
	} {
		t.Run(name, func(t *testing.T) {
			lines := logged(t)
			faulty := &faultyCtx{Context: t.Context()}
			g, ctx := gather.WithContext(faulty)
			var ended atomic.Int32
			g.Go(func() error {
				ended.Add(1)
				return tt.early
			})
			if tt.early != nil {
				<-ctx.Done()
			}
			g.Go(func() error {
				<-ctx.Done()
				ended.Add(1)
				return tt.late(ctx)
			})
			faulty.faulty.Store(true)
			assert.PanicsWithValue(t, "faulty", func() { _ = g.Wait() })
			assert.EqualValues(t, 2, ended.Load())
			if tt.heard == "" {
				assert.Empty(t, lines)
				return
			}
			assert.Contains(t, <-lines, "the ctx of an error that no call returns is faulty")
			assert.Contains(t, <-lines, tt.heard)
		})
	}
}
