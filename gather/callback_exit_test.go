package gather_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// A function of the user's that calls Goexit in the goroutine of the caller keeps the
// call from returning. What the call knows by then is reported.

// exiting returns what is reported of a Run whose main calls call. hear hears of it.
func exiting(t *testing.T, call func(ctx context.Context), exit func(n int) bool) []error {
	var errs []error
	synctest.Test(t, func(t *testing.T) {
		note := hear(&errs)
		_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
			call(ctx)
			assert.Fail(t, "returned")
			return 0, nil
		}, task.Unobserved(func(i task.Info, err error) {
			note(i, err)
			if exit(len(errs)) {
				runtime.Goexit()
			}
		}))
		assert.ErrorIs(t, err, task.ErrGoexit)
	})
	return errs
}

// Those that give up as the call ends have not failed.
func TestGoexitAtTheGateReportsFailures(t *testing.T) {
	for name, at := range map[string]gather.Option{
		"Weight": gather.Weight(9, func(i int) int64 {
			if i == 3 {
				time.Sleep(time.Second)
				runtime.Goexit()
			}
			return 1
		}),
		"Rate": gather.Rate(func() limiter {
			var n atomic.Int32
			return func(context.Context) error {
				if n.Add(1) == 4 {
					time.Sleep(time.Second)
					runtime.Goexit()
				}
				return nil
			}
		}()),
	} {
		t.Run(name, func(t *testing.T) {
			errs := exiting(t, func(ctx context.Context) {
				_, _ = gather.Map(ctx, upTo(9), func(ctx context.Context, i int) (int, error) {
					switch i {
					case 0:
						return 0, errBoom
					case 1:
						<-ctx.Done()
						panic(errCrash)
					default:
						<-ctx.Done()
						return 0, ctx.Err()
					}
				}, at, gather.OnError(gather.CollectAll))
			}, func(int) bool { return false })
			require.Len(t, errs, 2)
			assert.ErrorIs(t, errs[0], errBoom)
			assert.ErrorIs(t, errs[1], errCrash)
			var job *gather.JobError
			assert.ErrorAs(t, errs[1], &job)
		})
	}
}

// The report of one error that exits does not hide what the call would have returned.
func TestGoexitInAReportOfALostPanic(t *testing.T) {
	lose := func(ctx context.Context, i int) (int, error) {
		if i == 0 {
			return 0, errBoom
		}
		<-ctx.Done()
		panic(errCrash)
	}
	jobs := []task.Func[int]{
		func(ctx context.Context) (int, error) { return lose(ctx, 0) },
		func(ctx context.Context) (int, error) { return lose(ctx, 1) },
	}
	progress := gather.Progress(func(c gather.Counts) {
		if c.Done == 2 {
			panic(errQuit)
		}
	})
	for name, tt := range map[string]struct {
		call func(ctx context.Context)
		want []error
	}{
		"Map":  {func(ctx context.Context) { _, _ = gather.Map(ctx, upTo(2), lose) }, []error{errCrash, errBoom}},
		"Race": {func(ctx context.Context) { _, _ = gather.Race(ctx, jobs...) }, []error{errCrash, errBoom}},
		"Progress of a Map": {
			func(ctx context.Context) { _, _ = gather.Map(ctx, upTo(2), lose, progress) },
			[]error{errCrash, errBoom, errQuit},
		},
		"input of a Stream": {
			func(ctx context.Context) {
				begun := make(chan struct{})
				for range gather.Stream(ctx, func(yield func(int) bool) {
					defer func() { panic(errQuit) }()
					for i := range 2 {
						yield(i)
					}
				}, func(ctx context.Context, i int) (int, error) {
					if i == 0 {
						<-begun
					} else {
						close(begun)
					}
					return lose(ctx, i)
				}, gather.Limit(2)) {
					break
				}
			},
			[]error{errCrash, errQuit},
		},
	} {
		t.Run(name, func(t *testing.T) {
			errs := exiting(t, tt.call, func(n int) bool { return n == 1 })
			require.Len(t, errs, len(tt.want))
			for _, want := range tt.want {
				assert.True(t, slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, want) }), "%v in %v", want, errs)
			}
		})
	}
}
