package gather_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// The value that a job sets is visible in the job and in the goroutines that it starts,
// but not in another job and not to the caller.
func TestJobsAreIsolated(t *testing.T) {
	const many, some = 10_000, 1000
	for _, tc := range []struct {
		name string
		jobs int
		run  func(ctx context.Context, jobs int) ([]string, error)
	}{
		{"All", many, func(ctx context.Context, jobs int) ([]string, error) {
			fns := make([]task.Func[string], jobs)
			for i := range fns {
				fns[i] = func(ctx context.Context) (string, error) { return setAndLook(ctx, i) }
			}
			return gather.All(ctx, fns...)
		}},
		{"Map", some, mapWith()},
		{"Map/Limit=1", some, mapWith(gather.Limit(1))},
		{"Map/Limit=8", many, mapWith(gather.Limit(8))},
		{"Map/Weight", some, mapWith(gather.Weight(8, func(int) int64 { return 1 }))},
		{"Stream", some, func(ctx context.Context, jobs int) (results []string, err error) {
			for v, err := range gather.Stream(ctx, count(jobs), setAndLook, gather.Ordered()) {
				if err != nil {
					return nil, err
				}
				results = append(results, v)
			}
			return results, nil
		}},
		{"GroupOf", some, func(ctx context.Context, jobs int) ([]string, error) {
			var g gather.GroupOf[string]
			g.SetLimit(8)
			for i := range jobs {
				g.Go(func() (string, error) { return setAndLook(ctx, i) })
			}
			return g.Wait()
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			defer jobVar.Set("caller").Reset()
			got, err := tc.run(t.Context(), tc.jobs)
			require.NoError(t, err)
			require.Len(t, got, tc.jobs)
			for i, v := range got {
				require.Equal(t, strconv.Itoa(i), v)
			}
			assert.Equal(t, "caller", jobVar.Get())
		})
	}
}

func mapWith(opts ...gather.Option) func(context.Context, int) ([]string, error) {
	return func(ctx context.Context, jobs int) ([]string, error) {
		return gather.Map(ctx, upTo(jobs), setAndLook, opts...)
	}
}

// setAndLook sets the variable to the number of the job, and returns its value after
// other jobs had time to interfere.
func setAndLook(_ context.Context, i int) (string, error) {
	if got := jobVar.Get(); got != "caller" {
		return "", fmt.Errorf("found %q", got)
	}
	jobVar.Set(strconv.Itoa(i))
	runtime.Gosched()
	inherited := make(chan string)
	go func() { inherited <- jobVar.Get() }()
	got := <-inherited
	if own := jobVar.Get(); own != got {
		return "", fmt.Errorf("%q here, %q in a goroutine started here", own, got)
	}
	return got, nil
}

// A token of a job is invalid in the next job, even if the same goroutine runs both.
func TestTokensEndWithTheirJob(t *testing.T) {
	var tokens [100]*ctxvar.Token[string]
	items := make([]int, len(tokens))
	for i := range items {
		items[i] = i
	}
	err := gather.Each(t.Context(), items, func(_ context.Context, i int) error {
		if i > 0 {
			func() {
				defer func() {
					err, _ := recover().(error)
					assert.ErrorIs(t, err, ctxvar.ErrTokenContext)
				}()
				tokens[i-1].Reset()
			}()
		}
		tokens[i] = jobVar.Set("x")
		return nil
	}, gather.Limit(1))
	require.NoError(t, err)
}

// The caller's values are those at the call, even for a worker that replaces one that a
// job ended.
func TestVariablesAfterGoexit(t *testing.T) {
	defer jobVar.Set("caller").Reset()
	items := make([]int, 100)
	_, err := gather.Map(t.Context(), items, func(context.Context, int) (int, error) {
		assert.Equal(t, "caller", jobVar.Get())
		jobVar.Set("job")
		runtime.Goexit()
		return 0, nil
	}, gather.Limit(2), gather.OnError(gather.CollectAll))
	var errs gather.Errors
	require.ErrorAs(t, err, &errs)
	assert.Len(t, errs, len(items))
}

// A job's ctx carries the caller's variables.
func TestContextCarriesVariables(t *testing.T) {
	defer jobVar.Set("caller").Reset()
	_, err := gather.All(t.Context(), func(ctx context.Context) (int, error) {
		jobVar.Set("job")
		vars, ok := ctxvar.FromContext(ctx)
		require.True(t, ok)
		got, _ := jobVar.In(vars)
		assert.Equal(t, "caller", got)
		return 0, nil
	})
	require.NoError(t, err)
}
