package bench_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alitto/pond/v2"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// A contender runs the jobs of a scenario. All contenders do the same, as far as they
// can: they give the results in order, stop at the first error and respect a context.
// A pool is made before the loop that is timed.
type contender struct {
	name string
	run  func(ctx context.Context, b *testing.B)
}

func compare(b *testing.B, contenders []contender) {
	// The context can be cancelled, as in a server.
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	for _, c := range rotated(contenders) {
		b.Run(c.name, func(b *testing.B) {
			measure(b, func() { c.run(ctx, b) })
		})
	}
}

// rotated returns the contenders, beginning with the one that PEERS_ROTATE selects. The
// first one in a process runs on a cold machine, so bench/report lets each be the first.
func rotated[C any](contenders []C) []C {
	by, _ := strconv.Atoi(os.Getenv("PEERS_ROTATE"))
	by %= len(contenders)
	return slices.Concat(contenders[by:], contenders[:by])
}

// measure also reports allocations and processor time.
func measure(b *testing.B, run func()) {
	b.ReportAllocs()
	before := cpuTime()
	run()
	if used := cpuTime() - before; used > 0 {
		b.ReportMetric(float64(used)/float64(b.N), "cpu-ns/op")
	}
}

// check makes sure that the results are right, and that they are not optimised away.
func check(b *testing.B, results []int, err error) {
	if err != nil || results[len(results)-1] != len(results)-1 {
		b.Fatal(results[len(results)-1], err)
	}
}

// BenchmarkJobs runs functions, all at once.
func BenchmarkJobs(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("jobs=%d", n), func(b *testing.B) {
			fns := make([]task.Func[int], n)
			for i := range fns {
				fns[i] = func(context.Context) (int, error) { return i, nil }
			}
			compare(b, []contender{
				{"errgroup", func(ctx context.Context, b *testing.B) {
					for b.Loop() {
						results := make([]int, n)
						g, ctx := errgroup.WithContext(ctx)
						for i, fn := range fns {
							g.Go(func() (err error) {
								results[i], err = fn(ctx)
								return err
							})
						}
						check(b, results, g.Wait())
					}
				}},
				{"gather.All", func(ctx context.Context, b *testing.B) {
					for b.Loop() {
						results, err := gather.All(ctx, fns...)
						check(b, results, err)
					}
				}},
				{"gather.Group", func(ctx context.Context, b *testing.B) {
					for b.Loop() {
						results := make([]int, n)
						g, ctx := gather.WithContext(ctx)
						for i, fn := range fns {
							g.Go(func() (err error) {
								results[i], err = fn(ctx)
								return err
							})
						}
						check(b, results, g.Wait())
					}
				}},
				{"conc", func(ctx context.Context, b *testing.B) {
					for b.Loop() {
						results := make([]int, n)
						p := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
						for i, fn := range fns {
							p.Go(func(ctx context.Context) (err error) {
								results[i], err = fn(ctx)
								return err
							})
						}
						check(b, results, p.Wait())
					}
				}},
				{"pond", func(ctx context.Context, b *testing.B) {
					p := pond.NewResultPool[int](0)
					defer p.StopAndWait()
					for b.Loop() {
						g := p.NewGroupContext(ctx)
						for _, fn := range fns {
							g.SubmitErr(func() (int, error) { return fn(ctx) })
						}
						results, err := g.Wait()
						check(b, results, err)
					}
				}},
				{"ants", func(ctx context.Context, b *testing.B) {
					p, err := ants.NewPool(-1)
					if err != nil {
						b.Fatal(err)
					}
					defer releaseAnts(b, p)
					for b.Loop() {
						results := make([]int, n)
						var first firstError
						var wg sync.WaitGroup
						wg.Add(n)
						for i, fn := range fns {
							if err := p.Submit(func() {
								defer wg.Done()
								var err error
								results[i], err = fn(ctx)
								first.note(err)
							}); err != nil {
								b.Fatal(err)
							}
						}
						wg.Wait()
						check(b, results, first.err)
					}
				}},
			})
		})
	}
}

// BenchmarkItems runs one function for each of many items, eight at once.
func BenchmarkItems(b *testing.B) {
	const n, limit = 100_000, 8
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	for _, work := range []time.Duration{0, time.Microsecond, 100 * time.Microsecond} {
		b.Run(fmt.Sprintf("work=%v", work), func(b *testing.B) {
			rounds := roundsFor(work)
			fn := func(_ context.Context, i int) (int, error) {
				runtime.KeepAlive(spin(rounds))
				return i, nil
			}
			compare(b, []contender{
				{"errgroup", func(ctx context.Context, b *testing.B) {
					for b.Loop() {
						results := make([]int, n)
						g, ctx := errgroup.WithContext(ctx)
						g.SetLimit(limit)
						for i, item := range items {
							g.Go(func() (err error) {
								results[i], err = fn(ctx, item)
								return err
							})
						}
						check(b, results, g.Wait())
					}
				}},
				{"gather.Map", func(ctx context.Context, b *testing.B) {
					for b.Loop() {
						results, err := gather.Map(ctx, items, fn, gather.Limit(limit))
						check(b, results, err)
					}
				}},
				{"gather.Stream", func(ctx context.Context, b *testing.B) {
					for b.Loop() {
						results := make([]int, 0, n)
						for v, err := range gather.Stream(ctx, slices.Values(items), fn, gather.Limit(limit), gather.Ordered()) {
							if err != nil {
								b.Fatal(err)
							}
							results = append(results, v)
						}
						check(b, results, nil)
					}
				}},
				{"gather.Group", func(ctx context.Context, b *testing.B) {
					for b.Loop() {
						results := make([]int, n)
						g, ctx := gather.WithContext(ctx)
						g.SetLimit(limit)
						for i, item := range items {
							g.Go(func() (err error) {
								results[i], err = fn(ctx, item)
								return err
							})
						}
						check(b, results, g.Wait())
					}
				}},
				{"conc/iter", func(ctx context.Context, b *testing.B) {
					m := iter.Mapper[int, int]{MaxGoroutines: limit}
					for b.Loop() {
						results, err := m.MapErr(items, func(i *int) (int, error) { return fn(ctx, *i) })
						check(b, results, err)
					}
				}},
				{"conc/pool", func(ctx context.Context, b *testing.B) {
					for b.Loop() {
						results := make([]int, n)
						p := pool.New().WithMaxGoroutines(limit).WithContext(ctx).WithCancelOnError().WithFirstError()
						for i, item := range items {
							p.Go(func(ctx context.Context) (err error) {
								results[i], err = fn(ctx, item)
								return err
							})
						}
						check(b, results, p.Wait())
					}
				}},
				{"pond", func(ctx context.Context, b *testing.B) {
					p := pond.NewResultPool[int](limit)
					defer p.StopAndWait()
					for b.Loop() {
						g := p.NewGroupContext(ctx)
						for _, item := range items {
							g.SubmitErr(func() (int, error) { return fn(ctx, item) })
						}
						results, err := g.Wait()
						check(b, results, err)
					}
				}},
				{"ants", func(ctx context.Context, b *testing.B) {
					p, err := ants.NewPool(limit)
					if err != nil {
						b.Fatal(err)
					}
					defer releaseAnts(b, p)
					for b.Loop() {
						results := make([]int, n)
						var first firstError
						var wg sync.WaitGroup
						wg.Add(n)
						for i, item := range items {
							if err := p.Submit(func() {
								defer wg.Done()
								var err error
								results[i], err = fn(ctx, item)
								first.note(err)
							}); err != nil {
								b.Fatal(err)
							}
						}
						wg.Wait()
						check(b, results, first.err)
					}
				}},
			})
		})
	}
}

func releaseAnts(b *testing.B, p *ants.Pool) {
	if err := p.ReleaseTimeout(time.Minute); err != nil {
		b.Error(err)
	}
}

// firstError keeps the first error, for pools that take functions without a result.
type firstError struct {
	once sync.Once
	err  error
}

func (f *firstError) note(err error) {
	if err != nil {
		f.once.Do(func() { f.err = err })
	}
}

// spin keeps a processor busy. Its work is a number of rounds and not a length of time,
// so all contenders do the same work, also on a busy machine.
//
//go:noinline
func spin(rounds int) (x uint64) {
	for range rounds {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

// perMicrosecond is how many rounds of spin take a microsecond here. The fastest
// measurement counts, because other programs can only slow one down.
var perMicrosecond = sync.OnceValue(func() float64 {
	const rounds = 100_000
	best := time.Hour
	for range 50 {
		start := time.Now()
		runtime.KeepAlive(spin(rounds))
		best = min(best, time.Since(start))
	}
	return rounds / (float64(best) / float64(time.Microsecond))
})

func roundsFor(d time.Duration) int {
	return int(perMicrosecond() * float64(d) / float64(time.Microsecond))
}
