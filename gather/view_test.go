package gather_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// The tree shows a call, with its progress, below the task that makes it and waits for
// it, and only while the call lasts.
func TestCallsInTheTree(t *testing.T) {
	// Job i takes i+1 seconds.
	job := func(ctx context.Context, i int) (int, error) { return i, pause(ctx, time.Duration(i+1)*time.Second) }
	fns := make([]task.Func[int], 5)
	for i := range fns {
		fns[i] = func(ctx context.Context) (int, error) { return job(ctx, i) }
	}
	each := func(ctx context.Context, i int) error { _, err := job(ctx, i); return err }
	for _, tc := range []struct {
		name, reason string
		call         func(ctx context.Context)
		want         string // after 2.5 seconds
	}{
		{"All", "two of five have ended", func(ctx context.Context) { _, _ = gather.All(ctx, fns...) }, "gather.All  2 of 5 jobs done, 3 running"},
		{"Settled", "as All", func(ctx context.Context) { gather.Settled(ctx, fns...) }, "gather.Settled  2 of 5 jobs done, 3 running"},
		{"Race", "the first ends at once", func(ctx context.Context) {
			_, _ = gather.Race(ctx, fns[3], func(context.Context) (int, error) { time.Sleep(3 * time.Second); return 0, nil })
		}, "gather.Race  0 of 2 jobs done, 2 running"},
		{"Any", "one has failed", func(ctx context.Context) {
			_, _ = gather.Any(ctx, fns[3], returning(time.Second, 0, errBoom))
		}, "gather.Any  1 of 2 jobs done, 1 running"},
		{"Map", "two at once: 0 and 1 are done, 2 and 3 run", func(ctx context.Context) {
			_, _ = gather.Map(ctx, upTo(9), job, gather.Limit(2))
		}, "gather.Map  2 of 9 jobs done, 2 running"},
		{"Each", "with a weight too", func(ctx context.Context) {
			_ = gather.Each(ctx, upTo(9), each, gather.Weight(2, func(int) int64 { return 1 }))
		}, "gather.Each  2 of 9 jobs done, 2 running"},
		{"Stream", "nobody knows how many there are", func(ctx context.Context) {
			for range gather.Stream(ctx, slices.Values(upTo(9)), job, gather.Limit(2)) {
			}
		}, "gather.Stream  2 jobs done, 2 running"},
		{"Group", "its caller is in Wait", func(ctx context.Context) {
			g, ctx := gather.WithContext(ctx)
			for i := range 3 {
				g.Go(func() error { return each(ctx, i) })
			}
			_ = g.Wait()
		}, "gather.Group  2 of 3 jobs done, 1 running"},
		{"Group", "with a limit, two of them wait for one to end", func(ctx context.Context) {
			g, ctx := gather.WithContext(ctx)
			g.SetLimit(2)
			for i := range 4 {
				go g.Go(func() error { return each(ctx, 2+i) })
			}
			synctest.Wait()
			_ = g.Wait()
		}, "gather.Group  0 of 4 jobs done, 2 running"},
	} {
		require.NotEmpty(t, tc.reason)
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				main := task.Go(t.Context(), func(ctx context.Context) (int, error) {
					tc.call(ctx)
					time.Sleep(time.Minute)
					return 0, nil
				}, task.Name("main "+tc.name))
				tree := func() string {
					var b strings.Builder
					require.NoError(t, task.WriteTree(&b))
					return b.String()
				}
				time.Sleep(2500 * time.Millisecond)
				synctest.Wait()
				assert.Contains(t, tree(), "└── "+tc.want, tc.reason)
				assert.Contains(t, tree(), "for gather."+tc.name, "what main waits for")
				time.Sleep(30 * time.Second)
				synctest.Wait()
				assert.NotContains(t, tree(), "gather.", "it is over")
				_, err := main.Await(t.Context())
				require.NoError(t, err)
			})
		})
	}
}

// A call in a task that nobody looks at costs the task little, and a call outside of
// any task costs nothing: compare the two.
func BenchmarkCallInATask(b *testing.B) {
	fn := func(context.Context) (int, error) { return 0, nil }
	b.Run("outside", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = gather.All(b.Context(), fn, fn, fn)
		}
	})
	b.Run("inside", func(b *testing.B) {
		b.ReportAllocs()
		_, _ = task.Run(b.Context(), func(ctx context.Context) (int, error) {
			for b.Loop() {
				_, _ = gather.All(ctx, fn, fn, fn)
			}
			return 0, nil
		})
	})
}

// A picture has no more calls than were asked for, and says how many it left out.
func TestPictureOfVeryManyCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) {
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					_, err := gather.All(ctx, func(ctx context.Context) (int, error) { return 1, task.Sleep(ctx, time.Minute) })
					assert.NoError(t, err)
				})
			}
			synctest.Wait()
			tree := task.Snapshot(task.TreeMax(10))
			assert.Len(t, tree.Tasks, 1+10)
			assert.Equal(t, 90, tree.Omitted)
			wg.Wait()
			assert.Zero(t, task.Snapshot(task.TreeMax(10)).Omitted)
			return 0, nil
		})
		assert.NoError(t, err)
	})
}
