package gather_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

func TestStreamLeavesNothingBehind(t *testing.T) {
	for name, use := range map[string]func(iter.Seq2[int, error]){
		"break": func(s iter.Seq2[int, error]) {
			for range s {
				break
			}
		},
		"panic": func(s iter.Seq2[int, error]) {
			defer func() { _ = recover() }()
			for range s {
				panic("p")
			}
		},
		"Goexit": func(s iter.Seq2[int, error]) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range s {
					runtime.Goexit()
				}
			}()
			<-done
		},
		"stop of a pull": func(s iter.Seq2[int, error]) {
			next, stop := iter.Pull2(s)
			_, _, ok := next()
			assert.True(t, ok)
			stop()
		},
	} {
		t.Run(name, func(t *testing.T) {
			// The bubble fails if a goroutine is left in it.
			synctest.Test(t, func(t *testing.T) {
				var taken atomic.Int64
				running := make(chan struct{}) // closed by the second job
				slow := func(ctx context.Context, i int) (int, error) {
					switch i {
					case 0:
						<-running
						return 0, nil
					case 1:
						close(running)
					}
					<-ctx.Done()
					time.Sleep(time.Second) // some time to clean up
					return 0, ctx.Err()
				}
				start := time.Now()
				use(gather.Stream(t.Context(), naturals(&taken), slow, gather.Limit(4)))
				assert.Equal(t, time.Second, time.Since(start), "what ran was waited for")
			})
		})
	}
}

func TestStreamFailures(t *testing.T) {
	fn := func(_ context.Context, i int) (int, error) {
		switch i % 4 {
		case 1:
			return i, errBoom
		case 2:
			return explode(errCrash)
		case 3:
			runtime.Goexit()
		}
		return i, nil
	}
	name := gather.Name(func(i int) string { return "#" + strconv.Itoa(i) })
	for _, limit := range []int{1, 4} {
		i := 0
		for v, err := range gather.Stream(t.Context(), slices.Values(upTo(40)), fn, gather.Ordered(), gather.Limit(limit), name) {
			var job *gather.JobError
			if i%4 == 0 {
				require.NoError(t, err)
				assert.Equal(t, i, v)
			} else if assert.ErrorAs(t, err, &job) {
				assert.Zero(t, v)
				assert.Equal(t, i, job.Index)
				assert.Equal(t, "#"+strconv.Itoa(i), job.Name)
			}
			switch i % 4 {
			case 1:
				assert.EqualError(t, err, fmt.Sprintf("gather: job %d (#%d): boom", i, i))
			case 2:
				assert.ErrorIs(t, err, errCrash)
			case 3:
				assert.ErrorIs(t, err, task.ErrGoexit)
			}
			i++
		}
		assert.Equal(t, 40, i)
	}
}

func TestStreamPolicy(t *testing.T) {
	fail := func(_ context.Context, i int) (int, error) {
		if i%10 == 9 {
			return 0, errBoom
		}
		return i, nil
	}
	for policy, want := range map[gather.Policy]int{gather.FailFast: 10, gather.StopAfter(3): 30} {
		var taken atomic.Int64
		n := 0
		var last error
		for _, err := range gather.Stream(t.Context(), naturals(&taken), fail, gather.Ordered(), gather.OnError(policy)) {
			n++
			last = err
		}
		assert.Equal(t, want, n)
		assert.ErrorIs(t, last, errBoom, "the failure that is one too many comes last")
	}
}

func TestStreamCancelled(t *testing.T) {
	for _, ordered := range []gather.Option{gather.Buffer(5), gather.Ordered()} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(2500*time.Millisecond, func() { cancel(errQuit) })
			var taken atomic.Int64
			results, given := 0, 0
			var errs []error
			for _, err := range gather.Stream(ctx, naturals(&taken), func(ctx context.Context, i int) (int, error) {
				return i, pause(ctx, time.Second)
			}, gather.Limit(3), ordered) {
				given++
				if err == nil {
					results++
				} else {
					errs = append(errs, err)
				}
			}
			assert.Equal(t, 6, results)
			assert.Equal(t, int(taken.Load())+1, given, "what was taken is given, and one more error")
			for i, err := range errs {
				assert.ErrorIs(t, err, errQuit)
				var job *gather.JobError
				if i < len(errs)-1 {
					assert.ErrorAs(t, err, &job)
				} else {
					assert.NotErrorAs(t, err, &job)
					assert.ErrorIs(t, err, gather.ErrNotStarted)
				}
			}
		})
	}
}

func TestStreamWithADoneContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errQuit)
	var taken atomic.Int64
	got, errs := collect(gather.Stream(ctx, naturals(&taken), same))
	assert.Empty(t, got)
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], gather.ErrNotStarted)
	assert.ErrorIs(t, errs[0], errQuit)
	assert.Zero(t, taken.Load())
}

// An input that ends because it saw the cancellation too must not be taken for a
// complete one.
func TestStreamInputThatHeedsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		in := func(yield func(int) bool) {
			for i := 0; pause(ctx, time.Second) == nil && yield(i); i++ {
			}
		}
		got, errs := collect(gather.Stream(ctx, in, same))
		assert.Equal(t, []int{0, 1}, got)
		require.Len(t, errs, 1)
		assert.ErrorIs(t, errs[0], context.DeadlineExceeded)
	})
}

func TestStreamInputPanics(t *testing.T) {
	in := func(yield func(int) bool) {
		if yield(1) {
			_, _ = explode(errBoom)
		}
	}
	var got []int
	defer func() {
		err, _ := recover().(error)
		var panicked *task.PanicError
		require.ErrorAs(t, err, &panicked)
		assert.Equal(t, errBoom, panicked.Value)
		assert.Contains(t, string(panicked.Stack), "gather_test.explode")
		assert.Equal(t, []int{1}, got, "what it gave before is given")
	}()
	for v, err := range gather.Stream(t.Context(), in, same) {
		require.NoError(t, err)
		got = append(got, v)
	}
	assert.Fail(t, "went on")
}

func TestStreamInputCallsGoexit(t *testing.T) {
	exited := true
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = collect(gather.Stream(t.Context(), func(func(int) bool) { runtime.Goexit() }, same))
		exited = false
	}()
	<-done
	assert.True(t, exited, "as if the loop had ranged over the input itself")
}

// A channel that yields nothing any more delays neither a break nor the end of a
// cancelled stream.
func TestFromChanDoesNotHoldUpTheEnd(t *testing.T) {
	double := func(in iter.Seq[int]) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := range in {
				if !yield(2 * i) {
					return
				}
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int, 1)
		ch <- 21
		for v, err := range gather.Stream(t.Context(), double(gather.FromChan(ch)), same) {
			require.NoError(t, err)
			assert.Equal(t, 42, v)
			break
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got, errs := collect(gather.Stream(ctx, gather.FromChan(ch), same))
		assert.Empty(t, got)
		require.Len(t, errs, 1)
		assert.ErrorIs(t, errs[0], context.DeadlineExceeded)
	})
}

// Goroutines that the input starts, and those of the jobs, are not affected by the end
// of the stream.
func TestStreamDoesNotEndOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int)
		side := make(chan []int)
		in := func(yield func(int) bool) {
			go func() { side <- slices.Collect(gather.FromChan(ch)) }()
			yield(0)
		}
		fn := func(ctx context.Context, _ int) ([]int, error) {
			return slices.Collect(stage(context.WithoutCancel(ctx), slices.Values(upTo(3)))), nil
		}
		for v, err := range gather.Stream(t.Context(), in, fn) {
			require.NoError(t, err)
			assert.ElementsMatch(t, []int{1, 2, 3}, v)
		}
		ch <- 7
		close(ch)
		assert.Equal(t, []int{7}, <-side)
	})
}

// What remains when the loop is over is not a failure and does not count: neither an
// input that calls Goexit, which would have continued in the loop, nor items that no
// worker has begun.
func TestStreamLeftBehindIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reported []error
		_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
			assert.PanicsWithValue(t, "in the body", func() {
				in := func(yield func(int) bool) {
					yield(1)
					runtime.Goexit()
				}
				for range gather.Stream(ctx, in, same) {
					panic("in the body")
				}
			})
			return 0, nil
		}, task.Unobserved(func(_ task.Info, err error) { reported = append(reported, err) }))
		require.NoError(t, err)
		assert.Empty(t, reported)

		var last gather.Counts
		job := func(ctx context.Context, n int) (int, error) {
			if n > 0 {
				<-ctx.Done()
			}
			return n, ctx.Err()
		}
		for range gather.Stream(t.Context(), slices.Values([]int{0, 1, 2, 3, 4, 5}), job,
			gather.Limit(1), gather.Buffer(10), gather.Progress(func(c gather.Counts) { last = c })) {
			synctest.Wait()
			break
		}
		assert.Equal(t, 2, last.Done, "one that ended, and one that was cancelled")
		assert.Equal(t, 1, last.Failed)
	})
}
