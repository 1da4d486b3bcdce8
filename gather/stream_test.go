package gather_test

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
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

// naturals never ends. It counts in taken what was taken.
func naturals(taken *atomic.Int64) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; ; i++ {
			taken.Add(1)
			if !yield(i) {
				return
			}
		}
	}
}

func same(_ context.Context, i int) (int, error) { return i, nil }

// sleepFor takes as many seconds as the item says.
func sleepFor(ctx context.Context, seconds int) (int, error) {
	return seconds, pause(ctx, time.Duration(seconds)*time.Second)
}

// collect ranges over all of a stream.
func collect[R any](s iter.Seq2[R, error]) (results []R, errs []error) {
	for v, err := range s {
		if err != nil {
			errs = append(errs, err)
		} else {
			results = append(results, v)
		}
	}
	return results, errs
}

func TestStreamGivesResultsAsTheyComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, errs := collect(gather.Stream(t.Context(), slices.Values([]int{5, 2, 4, 1, 3}), sleepFor, gather.Limit(5)))
		assert.Empty(t, errs)
		assert.Equal(t, []int{1, 2, 3, 4, 5}, got)
	})
}

func TestStreamOrdered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := []int{5, 2, 4, 1, 3}
		start := time.Now()
		got, errs := collect(gather.Stream(t.Context(), slices.Values(items), sleepFor, gather.Limit(5), gather.Ordered()))
		assert.Empty(t, errs)
		assert.Equal(t, items, got)
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestStreamOfNothing(t *testing.T) {
	got, errs := collect(gather.Stream(t.Context(), slices.Values([]int(nil)), same))
	assert.Empty(t, got)
	assert.Empty(t, errs)
}

// Every item is given once, whatever the limit, the buffer, the order and the
// time that jobs and the loop take.
func TestStreamIsComplete(t *testing.T) {
	const n = 200
	for _, limit := range []int{1, 2, 7, n, 10 * n} {
		for _, buffer := range []int{0, 1, 5, math.MaxInt} {
			for _, ordered := range []bool{false, true} {
				t.Run(fmt.Sprintf("limit %d, buffer %d, ordered %t", limit, buffer, ordered), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						opts := []gather.Option{gather.Limit(limit), gather.Buffer(buffer)}
						if ordered {
							opts = append(opts, gather.Ordered())
						}
						var m meter
						var got []int
						for v, err := range gather.Stream(t.Context(), slices.Values(upTo(n)), func(ctx context.Context, i int) (int, error) {
							m.in()
							defer m.out()
							return i, pause(ctx, rand.N(time.Second))
						}, opts...) {
							require.NoError(t, err)
							got = append(got, v)
							time.Sleep(rand.N(20 * time.Millisecond))
						}
						assert.LessOrEqual(t, m.top, limit)
						if !ordered {
							slices.Sort(got)
						}
						assert.Equal(t, upTo(n), got)
					})
				})
			}
		}
	}
}

func TestStreamRunsAsManyAsTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ordered := range []gather.Option{gather.Buffer(0), gather.Ordered()} {
			var m meter
			start := time.Now()
			_, errs := collect(gather.Stream(t.Context(), slices.Values(upTo(40)), func(ctx context.Context, i int) (int, error) {
				m.in()
				defer m.out()
				return i, pause(ctx, time.Second)
			}, gather.Limit(4), ordered))
			assert.Empty(t, errs)
			assert.Equal(t, 4, m.top)
			assert.Equal(t, 10*time.Second, time.Since(start))
		}
	})
}

func TestStreamLimitWithoutOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m meter
		_, errs := collect(gather.Stream(t.Context(), slices.Values(upTo(40)), func(ctx context.Context, i int) (int, error) {
			m.in()
			defer m.out()
			return i, pause(ctx, time.Second)
		}))
		assert.Empty(t, errs)
		assert.Equal(t, runtime.GOMAXPROCS(0), m.top)
	})
}

// While the body of the loop runs, and however long, no more is taken from the
// input than is promised.
func TestStreamBackPressure(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		for _, buffer := range []int{-1, 0, 1, 10} {
			t.Run(fmt.Sprintf("buffer %d, ordered %t", buffer, ordered), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const limit = 3
					opts := []gather.Option{gather.Limit(limit)}
					window := 2 * limit
					if buffer >= 0 {
						opts = append(opts, gather.Buffer(buffer))
						window = limit + buffer
					}
					if ordered {
						opts = append(opts, gather.Ordered())
					}
					var taken atomic.Int64
					given := 0
					for _, err := range gather.Stream(t.Context(), naturals(&taken), same, opts...) {
						require.NoError(t, err)
						synctest.Wait()
						assert.EqualValues(t, given+window, taken.Load(), "after %d results", given)
						if given++; given == 100 {
							break
						}
					}
				})
			})
		}
	}
}

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

func TestStreamMayBeRangedOverAgain(t *testing.T) {
	s := gather.Stream(t.Context(), slices.Values(upTo(10)), same, gather.Ordered())
	for range 2 {
		got, errs := collect(s)
		assert.Empty(t, errs)
		assert.Equal(t, upTo(10), got)
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

// An input that ends because it saw the cancellation, too, must not pass for one
// that is complete.
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

func TestStreamIsolates(t *testing.T) {
	defer jobVar.Set("caller").Reset()
	in := func(yield func(int) bool) {
		assert.Equal(t, "caller", jobVar.Get())
		jobVar.Set("input")
		for i := range 1000 {
			if !yield(i) {
				return
			}
		}
	}
	for _, gate := range []gather.Option{
		gather.Limit(8),
		gather.Rate(refusing{nil}),
		gather.Weight(3, func(int) int64 { jobVar.Set("weigh"); return 1 }),
	} {
		got, errs := collect(gather.Stream(t.Context(), in, setAndLook, gate, gather.Ordered()))
		assert.Empty(t, errs)
		for i, v := range got {
			require.Equal(t, strconv.Itoa(i), v)
		}
		assert.Equal(t, "caller", jobVar.Get())
	}
}

func TestStreamWeightAndRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got, errs := collect(gather.Stream(t.Context(), slices.Values([]int{2, 1, 9, 3, 1}), sleepFor,
			gather.Limit(5), gather.Ordered(), gather.Weight(3, func(w int) int64 { return int64(w) })))
		assert.Equal(t, []int{2, 1, 3, 1}, got)
		require.Len(t, errs, 1)
		assert.EqualError(t, errs[0], "gather: job 2: weight 9: more than the capacity of 3, so it could never start")
		assert.Equal(t, 6*time.Second, time.Since(start))

		start = time.Now()
		got, errs = collect(gather.Stream(t.Context(), slices.Values(upTo(5)), same, gather.Limit(5),
			gather.Rate(&ticker{every: time.Second})))
		assert.Equal(t, upTo(5), got)
		assert.Empty(t, errs)
		assert.Equal(t, 4*time.Second, time.Since(start))
	})
}

// Only a stream that is quick, and whose loop waits for it, runs further ahead than
// it is said to.
func TestStreamPace(t *testing.T) {
	for _, tc := range []struct {
		name, reason string
		takes        time.Duration
		opts         []gather.Option
		most         int
	}{
		{"quick", "twice as much, until it is enough", 0, nil, 1024},
		{"slow", "what is taken would wait for long", time.Millisecond, nil, 6},
		{"chosen", "a buffer that was asked for stays", 0, []gather.Option{gather.Buffer(10)}, 13},
	} {
		require.NotEmpty(t, tc.reason)
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var taken atomic.Int64
				given, ahead := 0, 0
				for range gather.Stream(t.Context(), naturals(&taken), func(ctx context.Context, i int) (int, error) {
					if tc.takes > 0 {
						time.Sleep(tc.takes)
					}
					return i, nil
				}, append(tc.opts, gather.Limit(3))...) {
					ahead = max(ahead, int(taken.Load())-given)
					if given++; given == 1_000_000 || ahead > 500 || given == 2000 && tc.most < 500 {
						break
					}
				}
				assert.LessOrEqual(t, ahead, tc.most, tc.reason)
				if tc.most > 500 {
					assert.Greater(t, ahead, 500, tc.reason)
				}
			})
		})
	}
}

// A worker that was idle, and is woken, is one of as many as the limit allows.
func TestStreamReachesItsLimitAfterIdling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 3
		start := time.Now()
		in := make(chan int)
		go func() {
			defer close(in)
			for range 2 { // idle once, and once more with all workers there
				in <- 0
				synctest.Wait()
				for range limit {
					in <- 1
				}
				time.Sleep(time.Second)
			}
		}()
		_, errs := collect(gather.Stream(t.Context(), gather.FromChan(in), func(_ context.Context, i int) (int, error) {
			return i, pause(t.Context(), time.Duration(i)*time.Second)
		}, gather.Limit(limit)))
		assert.Empty(t, errs)
		assert.Equal(t, 2*time.Second, time.Since(start), "all at once, twice")
	})
}

func TestStreamProgress(t *testing.T) {
	var last gather.Counts
	_, errs := collect(gather.Stream(t.Context(), slices.Values(upTo(10)), func(_ context.Context, i int) (int, error) {
		if i == 3 {
			return 0, errBoom
		}
		return i, nil
	}, gather.Progress(func(c gather.Counts) { last = c })))
	assert.Len(t, errs, 1)
	assert.Equal(t, gather.Counts{Done: 10, Failed: 1, Total: -1}, last)
}

func TestStreamTimeoutAndRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts atomic.Int64
		got, errs := collect(gather.Stream(t.Context(), slices.Values([]int{1, 5}), func(ctx context.Context, i int) (int, error) {
			if attempts.Add(1) == 1 {
				return 0, errBoom
			}
			return sleepFor(ctx, i)
		}, gather.Limit(1), gather.Timeout(2*time.Second), gather.Retry(2, gather.Constant(0), isBoom)))
		assert.Equal(t, []int{1}, got)
		require.Len(t, errs, 1)
		assert.EqualError(t, errs[0], "gather: job 1: timed out after 2s")
	})
}

func TestStreamUsage(t *testing.T) {
	in := slices.Values(upTo(1))
	for want, call := range map[string]func(){
		"gather.Stream: nil input; pass a sequence, as slices.Values(items)": func() {
			gather.Stream(t.Context(), nil, same)
		},
		"gather.Stream: nil function; pass the function that the jobs are to run": func() {
			gather.Stream[int, int](t.Context(), in, nil)
		},
		"gather.Stream: the function given to Name is a func(string) string, but the items are of type int": func() {
			gather.Stream(t.Context(), in, same, gather.Name(func(s string) string { return s }))
		},
		"gather.Stream: the function given to Weight is a func(string) int64, but the items are of type int": func() {
			gather.Stream(t.Context(), in, same, gather.Weight(1, func(string) int64 { return 1 }))
		},
	} {
		assert.EqualError(t, usageError(t, call), want)
	}
}

func TestFromChan(t *testing.T) {
	ch := make(chan int)
	go func() {
		defer close(ch)
		for i := range 10 {
			ch <- i
		}
	}()
	got, errs := collect(gather.Stream(t.Context(), gather.FromChan(ch), same, gather.Ordered()))
	assert.Empty(t, errs)
	assert.Equal(t, upTo(10), got)

	closed := make(chan int)
	close(closed)
	assert.Empty(t, slices.Collect(gather.FromChan(closed)), "outside of a stream")
}

// A channel that gives nothing any more holds up neither a break nor the end of
// a cancelled stream.
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

// stage is a Stream as an input for another one. Errors end it.
func stage(ctx context.Context, in iter.Seq[int], opts ...gather.Option) iter.Seq[int] {
	return func(yield func(int) bool) {
		for v, err := range gather.Stream(ctx, in, func(_ context.Context, i int) (int, error) { return i + 1, nil }, opts...) {
			if err != nil || !yield(v) {
				return
			}
		}
	}
}

// A break at the end of a chain of streams ends all of them, down to a channel
// that gives nothing any more.
func TestStreamsInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan int, 1)
		ch <- 1
		in := stage(t.Context(), stage(t.Context(), gather.FromChan(ch)))
		for v, err := range gather.Stream(t.Context(), in, same) {
			require.NoError(t, err)
			assert.Equal(t, 3, v)
			break
		}
	})
}

// What the input starts on the side, and what the jobs do, has nothing to do
// with the end of the stream.
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

// What the loop leaves behind when it is over is no failure, and not counted: neither
// an input that calls Goexit, which would have gone on in the loop, nor the items
// that no worker has begun.
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
