package gather_test

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// Functions that a caller gives to a call are called in goroutines that the caller
// never sees. A panic in them must reach the caller.

// rude is an error with methods that do not return.
type rude struct{ do func() }

func (rude) Error() string         { return "rude" }
func (r rude) Is(error) bool       { r.do(); return false }
func (r rude) Unwrap() error       { r.do(); return nil }
func typedNil() error              { var e *fs.PathError; return e }
func panics()                      { panic(errBoom) }
func rudeError() error             { return &rude{panics} }
func exitingError() error          { return &rude{runtime.Goexit} }
func heard(s *[]error) task.Option { return task.Unobserved(hear(s)) }

// hear returns a function for task.Unobserved that notes the errors in s.
func hear(s *[]error) func(task.Info, error) {
	var mu sync.Mutex
	return func(_ task.Info, err error) {
		mu.Lock()
		defer mu.Unlock()
		*s = append(*s, err)
	}
}

// calls run jobs in each of the possible ways, and return the error of one.
var calls = map[string]func(ctx context.Context, job func(context.Context) error) error{
	"All": func(ctx context.Context, job func(context.Context) error) error {
		_, err := gather.All(ctx, func(ctx context.Context) (int, error) { return 0, job(ctx) })
		return err
	},
	"Settled": func(ctx context.Context, job func(context.Context) error) error {
		return gather.Settled(ctx, func(ctx context.Context) (int, error) { return 0, job(ctx) })[0].Err
	},
	"Race": func(ctx context.Context, job func(context.Context) error) error {
		_, err := gather.Race(ctx, func(ctx context.Context) (int, error) { return 0, job(ctx) })
		return err
	},
	"Any": func(ctx context.Context, job func(context.Context) error) error {
		_, err := gather.Any(ctx, func(ctx context.Context) (int, error) { return 0, job(ctx) })
		return err
	},
	"Each": func(ctx context.Context, job func(context.Context) error) error {
		return gather.Each(ctx, upTo(1), func(ctx context.Context, _ int) error { return job(ctx) }, gather.Limit(1))
	},
	"Each with Weight": func(ctx context.Context, job func(context.Context) error) error {
		return gather.Each(ctx, upTo(1), func(ctx context.Context, _ int) error { return job(ctx) },
			gather.Weight(1, func(int) int64 { return 1 }))
	},
	"Each with Retry and Timeout": func(ctx context.Context, job func(context.Context) error) error {
		return gather.Each(ctx, upTo(1), func(ctx context.Context, _ int) error { return job(ctx) },
			gather.Retry(3, gather.Constant(0), isBoom), gather.Timeout(time.Hour))
	},
	"Stream": func(ctx context.Context, job func(context.Context) error) error {
		_, errs := collect(gather.Stream(ctx, slices.Values(upTo(1)), func(ctx context.Context, _ int) (int, error) { return 0, job(ctx) }))
		return errs[0]
	},
	"Group": func(ctx context.Context, job func(context.Context) error) error {
		g, ctx := gather.WithContext(ctx)
		g.Go(func() error { return job(ctx) })
		return g.Wait()
	},
	"GroupOf": func(ctx context.Context, job func(context.Context) error) error {
		g, ctx := gather.GroupOfWithContext[int](ctx)
		g.Go(func() (int, error) { return 0, job(ctx) })
		_, err := g.Wait()
		return err
	},
}

// An error with methods that do not return is an error like any other, and can be found.
func TestErrorsWithMethodsThatDoNotReturn(t *testing.T) {
	for name, call := range calls {
		for kind, err := range map[string]error{"nil pointer": typedNil(), "panics": rudeError(), "Goexit": exitingError()} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				got := call(ctx, func(context.Context) error { cancel(); return err })
				require.True(t, got != nil) // a nil pointer is an error too
				assert.True(t, got == err || errors.Is(got, err), "it is not hidden: %T", got)
				if job, ok := got.(*gather.JobError); ok {
					assert.NotEmpty(t, job.Error(), "it can be logged")
				}
			})
		}
	}
}

func TestPanicInName(t *testing.T) {
	name := gather.Name(func(i int) string {
		if i == 1 {
			panic("no name")
		}
		return "two"
	})
	job := func(_ context.Context, i int) (int, error) {
		if i > 0 {
			return 0, errBoom
		}
		return 7, nil
	}
	check := func(t *testing.T, err error) {
		t.Helper()
		assert.ErrorIs(t, err, errBoom, "the failure stays")
		var panicked *task.PanicError
		require.ErrorAs(t, err, &panicked)
		assert.Equal(t, "no name", panicked.Value)
		assert.Regexp(t, `^gather: job 1: boom; naming the job: panic: no name \(in .*\)$`, err.Error())
	}
	got, err := gather.Map(t.Context(), upTo(3), job, name, gather.OnError(gather.CollectAll))
	assert.Equal(t, []int{7, 0, 0}, got)
	var errs gather.Errors
	require.ErrorAs(t, err, &errs)
	check(t, errs[0])
	assert.EqualError(t, errs[1], "gather: job 2 (two): boom")

	_, streamed := collect(gather.Stream(t.Context(), slices.Values(upTo(2)), job, name))
	require.Len(t, streamed, 1)
	check(t, streamed[0])
}

// The job has ended. If its name can't be determined, it must still be counted, or the
// call would wait for ever.
func TestGoexitInName(t *testing.T) {
	name := gather.Name(func(int) string { runtime.Goexit(); return "" })
	job := func(context.Context, int) (int, error) { return 0, errBoom }
	for kind, opt := range map[string]gather.Option{
		"plain":  gather.Limit(1),
		"Weight": gather.Weight(1, func(int) int64 { return 1 }),
	} {
		_, err := gather.Map(t.Context(), upTo(3), job, name, opt, gather.OnError(gather.CollectAll))
		var errs gather.Errors
		require.ErrorAs(t, err, &errs, kind)
		require.Len(t, errs, 3, kind)
		assert.ErrorIs(t, errs[1], errBoom, kind)
		assert.ErrorIs(t, errs[1], task.ErrGoexit, kind)
	}
	_, streamed := collect(gather.Stream(t.Context(), slices.Values(upTo(3)), job, name, gather.Limit(1)))
	require.Len(t, streamed, 3)
	assert.ErrorIs(t, streamed[2], errBoom)
	assert.ErrorIs(t, streamed[2], task.ErrGoexit)
}

type limiter func(context.Context) error

func (l limiter) Wait(ctx context.Context) error { return l(ctx) }

// A panic while an item is weighed, or while a job waits for its rate, is the failure
// of that job, and does not affect the others.
func TestPanicAtTheGate(t *testing.T) {
	for name, opts := range map[string][]gather.Option{
		"Weight": {gather.Weight(2, func(i int) int64 {
			if i == 1 {
				panic(errBoom)
			}
			return 1
		})},
		"Rate": {gather.Rate(func() limiter {
			n := 0
			return func(context.Context) error {
				if n++; n == 2 {
					panic(errBoom)
				}
				return nil
			}
		}())},
		"Rate within Weight": {
			// The weight of the refused job must be returned, because two jobs of this weight
			// can't run at once.
			gather.Weight(2, func(int) int64 { return 2 }),
			gather.Rate(func() limiter {
				n := 0
				return func(context.Context) error {
					if n++; n == 2 {
						panic(errBoom)
					}
					return nil
				}
			}()),
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job := func(ctx context.Context, i int) (int, error) { return i + 10, pause(ctx, time.Second) }
				check := func(err error) {
					var failed *gather.JobError
					require.ErrorAs(t, err, &failed)
					assert.Equal(t, 1, failed.Index)
					var panicked *task.PanicError
					require.ErrorAs(t, failed.Err, &panicked)
					assert.Equal(t, errBoom, panicked.Value)
				}
				if name != "Rate" && name != "Rate within Weight" { // those count across calls
					got, errs := collect(gather.Stream(t.Context(), slices.Values(upTo(3)), job, opts...))
					require.Len(t, errs, 1)
					check(errs[0])
					assert.ElementsMatch(t, []int{10, 12}, got)
				}
				got, err := gather.Map(t.Context(), upTo(3), job, append(opts, gather.OnError(gather.CollectAll))...)
				check(err)
				assert.Equal(t, []int{10, 0, 12}, got)
			})
		})
	}
}

// ended reports how fn ended its goroutine.
func endOf(fn func()) (how string, value any) {
	done := make(chan struct{})
	go func() {
		how = "Goexit"
		defer close(done)
		defer func() {
			if value = recover(); value != nil {
				how = "panic"
			}
		}()
		fn()
		how = "return"
	}()
	<-done
	return how, value
}

// A panic with an error that describes a Goexit somewhere else is a panic.
func TestPanicThatReportsAGoexit(t *testing.T) {
	other := &task.Error{Op: "await", Task: "other", Err: task.ErrGoexit}
	job := func(context.Context, int) (int, error) { return 0, nil }
	var input iter.Seq[int] = func(func(int) bool) { panic(other) }
	progress := gather.Progress(func(gather.Counts) { panic(other) })
	for name, fn := range map[string]func(){
		"input of a Stream":    func() { collect(gather.Stream(t.Context(), input, job)) },
		"Progress of a Stream": func() { collect(gather.Stream(t.Context(), slices.Values(upTo(3)), job, progress)) },
		"Progress of a Map":    func() { _, _ = gather.Map(t.Context(), upTo(3), job, progress) },
	} {
		how, value := endOf(fn)
		assert.Equal(t, "panic", how, name)
		err, _ := value.(error)
		assert.ErrorIs(t, err, error(other), name)
	}
}

// A loop that has broken out of a stream gets a panic from the input's clean-up.
func TestInputPanicsAfterBreak(t *testing.T) {
	job := func(_ context.Context, i int) (int, error) { return i, nil }
	how, value := endOf(func() {
		for range gather.Stream(t.Context(), func(yield func(int) bool) {
			defer panics()
			for yield(1) {
			}
		}, job) {
			break
		}
	})
	assert.Equal(t, "panic", how)
	err, _ := value.(error)
	assert.ErrorIs(t, err, errBoom)
}

// A Goexit in Progress ends the goroutine that ran a job, after the job. So no job
// counts as failed because of it, or counts twice.
func TestGoexitInProgressFailsNoJob(t *testing.T) {
	var heardOf []error
	how, _ := endOf(func() {
		_, _ = task.Run(context.Background(), func(ctx context.Context) (int, error) {
			return 0, gather.Each(ctx, upTo(10), func(context.Context, int) error { return nil },
				gather.Limit(2), gather.Progress(func(gather.Counts) { runtime.Goexit() }))
		}, heard(&heardOf))
	})
	assert.Equal(t, "return", how, "main has a goroutine of its own")
	assert.Empty(t, heardOf)
}
