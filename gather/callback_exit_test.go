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

// A function given to Weight or Rate that calls Goexit keeps the call from returning. What
// had gone wrong by then is reported; those that give up as the call ends have not failed.
func TestGoexitAtTheGateReportsFailures(t *testing.T) {
	for name, at := range map[string]func() gather.Option{
		"Weight": func() gather.Option {
			return gather.Weight(9, func(i int) int64 {
				if i == 3 {
					time.Sleep(time.Second)
					runtime.Goexit()
				}
				return 1
			})
		},
		"Rate": func() gather.Option {
			var n atomic.Int32
			return gather.Rate(limiter(func(context.Context) error {
				if n.Add(1) == 4 {
					time.Sleep(time.Second)
					runtime.Goexit()
				}
				return nil
			}))
		},
	} {
		for end, progress := range map[string]func(){"panics": func() { panic(errQuit) }, "exits": runtime.Goexit} {
			t.Run(name+"/Progress "+end, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var errs []error
					_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
						_, err := gather.Map(ctx, upTo(9), func(ctx context.Context, i int) (int, error) {
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
						}, at(), gather.OnError(gather.CollectAll), gather.Progress(func(c gather.Counts) {
							if c.Done == 2 { // as the call ends
								progress()
							}
						}))
						return 0, err
					}, heard(&errs))
					require.ErrorIs(t, err, task.ErrGoexit)
					want := []error{errBoom, errCrash}
					if end == "panics" {
						want = append(want, errQuit)
					}
					require.Len(t, errs, len(want))
					for i := range want {
						assert.ErrorIs(t, errs[i], want[i])
					}
					var job *gather.JobError
					assert.ErrorAs(t, errs[1], &job)
				})
			})
		}
	}
}

// A report that exits keeps no call from what it returns or panics with.
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
	// stream ranges over a stream of lose, the input of which panics with input.
	stream := func(ctx context.Context, input any, body func()) {
		begun := make(chan struct{})
		for range gather.Stream(ctx, func(yield func(int) bool) {
			defer func() { panic(input) }()
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
			body()
			break
		}
	}
	errBody := errors.New("body")
	for name, tt := range map[string]struct {
		call func(ctx context.Context) error
		want error
		lost []error
	}{
		"Map":  {func(ctx context.Context) error { _, err := gather.Map(ctx, upTo(2), lose); return err }, errBoom, []error{errCrash}},
		"Race": {func(ctx context.Context) error { _, err := gather.Race(ctx, jobs...); return err }, errBoom, []error{errCrash}},
		"Progress of a Map": {func(ctx context.Context) error {
			_, err := gather.Map(ctx, upTo(2), lose, gather.Progress(func(c gather.Counts) {
				if c.Done == 2 {
					panic(errQuit)
				}
			}))
			return err
		}, errQuit, []error{errCrash, errBoom}},
		"input of a Stream": {func(ctx context.Context) error { stream(ctx, errQuit, func() {}); return nil }, errQuit, []error{errCrash}},
		"body of a Stream": {func(ctx context.Context) error { stream(ctx, errQuit, func() { panic(errBody) }); return nil }, errBody,
			[]error{errCrash, errQuit}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var errs []error
				note := hear(&errs)
				_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) { return 0, tt.call(ctx) },
					task.Unobserved(func(i task.Info, err error) { note(i, err); runtime.Goexit() }))
				require.ErrorIs(t, err, tt.want)
				require.Len(t, errs, len(tt.lost), "%v", errs)
				for i, want := range tt.lost {
					assert.ErrorIs(t, errs[i], want)
				}
			})
		})
	}
}

// A panic at the gate is one of a job that is never run. It is not lost when the call is
// over: as an item that no worker takes from a Stream, and one at which a Map has ended.
func TestPanicAtTheGateOfACallThatIsOver(t *testing.T) {
	weigh := gather.Weight(9, func(i int) int64 {
		if i == 1 {
			time.Sleep(time.Second) // job 0 has failed meanwhile
			panic(errCrash)
		}
		return 1
	})
	fail := func(context.Context, int) (int, error) { return 0, errBoom }
	for name, call := range map[string]func(ctx context.Context) error{
		"Map": func(ctx context.Context) error { _, err := gather.Map(ctx, upTo(3), fail, weigh); return err },
		"Stream": func(ctx context.Context) (err error) {
			for _, err = range gather.Stream(ctx, slices.Values(upTo(3)), fail, weigh, gather.Limit(1)) {
				time.Sleep(time.Minute)
				break
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var errs []error
				_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) { return 0, call(ctx) }, heard(&errs))
				require.ErrorIs(t, err, errBoom)
				require.Len(t, errs, 1)
				assert.ErrorIs(t, errs[0], errCrash)
				var job *gather.JobError
				require.ErrorAs(t, errs[0], &job)
				assert.Equal(t, 1, job.Index)
			})
		})
	}
}

// A job that panicked at the gate is not one of those that never started, although the
// call was cancelled before.
func TestPanicAtTheGateOfACancelledCall(t *testing.T) {
	job := func(context.Context, int) (int, error) { return 0, nil }
	weigh := func(cancel context.CancelCauseFunc) gather.Option {
		return gather.Weight(9, func(i int) int64 {
			if i == 1 {
				cancel(errQuit)
				panic(errCrash)
			}
			return 1
		})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := gather.Map(ctx, upTo(3), job, weigh(cancel), gather.OnError(gather.CollectAll))
	assert.ErrorIs(t, err, errCrash)
	assert.ErrorContains(t, err, "1 of 3 jobs: shutting down")

	ctx, cancel = context.WithCancelCause(t.Context())
	_, errs := collect(gather.Stream(ctx, slices.Values(upTo(3)), job, weigh(cancel)))
	assert.ErrorIs(t, errors.Join(errs...), errCrash)
}
