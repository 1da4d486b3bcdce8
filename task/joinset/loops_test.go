package joinset_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task/joinset"
)

// takeAll takes all results, and returns their errors and that of the loop.
func takeAll(ctx context.Context, set *joinset.Set[int]) (err error) {
	for _, e := range set.Results(ctx) {
		err = errors.Join(err, e)
	}
	return err
}

// A task of the set may range over it in several places at once. It may wait for all of
// these loops, so all of them end.
func TestSeveralLoopsInATaskOfTheSet(t *testing.T) {
	for name, inEach := range map[string]func(ctx context.Context, loop func(context.Context) error) error{
		"goroutines": func(ctx context.Context, loop func(context.Context) error) error {
			errs := make([]error, 3)
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() { errs[i] = loop(ctx) })
			}
			wg.Wait()
			return errors.Join(errs...)
		},
		"jobs": func(ctx context.Context, loop func(context.Context) error) error {
			return gather.Each(ctx, []int{0, 1, 2}, func(ctx context.Context, _ int) error { return loop(ctx) })
		},
	} {
		for _, tasks := range []int{1, 2} {
			t.Run(name, func(t *testing.T) {
				for range 100 {
					synctest.Test(t, func(t *testing.T) {
						set := joinset.New[int](t.Context())
						for n := range 3 {
							set.Go(after(time.Duration(n)*time.Second, 0))
						}
						for range tasks {
							set.Go(func(ctx context.Context) (int, error) {
								return 0, inEach(ctx, func(ctx context.Context) error { return takeAll(ctx, set) })
							})
						}
						ctx, stop := context.WithTimeout(t.Context(), time.Hour)
						defer stop()
						err := takeAll(ctx, set)
						set.Cancel(nil) // if they hang
						require.NoError(t, err)
					})
				}
			})
		}
	}
}
