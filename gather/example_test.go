package gather_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// Two jobs set the same variable, and each reads its own value in a function
// that takes no parameter.
func Example() {
	var user = ctxvar.New("user", ctxvar.Default("anonymous"))
	greet := func() string { return "hello " + user.Get() }

	serve := func(name string) task.Func[string] {
		return func(context.Context) (string, error) {
			user.Set(name)
			return greet(), nil
		}
	}
	greetings, err := gather.All(context.Background(), serve("alice"), serve("bob"))
	fmt.Println(greetings, err)
	fmt.Println(greet())
	// Output:
	// [hello alice hello bob] <nil>
	// hello anonymous
}

// after returns a job that gives v, or err, after some milliseconds.
func after[T any](ms int, v T, err error) task.Func[T] {
	return func(ctx context.Context) (T, error) {
		return v, errors.Join(task.Sleep(ctx, time.Duration(ms)*time.Millisecond), err)
	}
}

func ExampleAll() {
	ctx := context.Background()

	got, err := gather.All(ctx, after(20, "slow", nil), after(1, "fast", nil))
	fmt.Println(got, err)

	_, err = gather.All(ctx, after(60_000, "never", nil), after(1, "", errors.New("disk full")))
	fmt.Println(err)
	var job *gather.JobError
	if errors.As(err, &job) {
		fmt.Println("it was job", job.Index)
	}
	// Output:
	// [slow fast] <nil>
	// gather: job 1: disk full
	// it was job 1
}

func ExampleSettled() {
	for i, r := range gather.Settled(context.Background(),
		after(2, 1, nil),
		after(1, 0, errors.New("disk full")),
	) {
		fmt.Println(i, r.Value, r.Err)
	}
	// Output:
	// 0 1 <nil>
	// 1 0 disk full
}

func ExampleResult_Get() {
	results := gather.Settled(context.Background(), after(1, "ok", nil))
	v, err := results[0].Get()
	fmt.Println(v, err)
	// Output: ok <nil>
}

// The mirror that answers first is the one to use.
func ExampleRace() {
	mirror, err := gather.Race(context.Background(),
		after(60_000, "mirror in orbit", nil),
		after(1, "mirror next door", nil),
	)
	fmt.Println(mirror, err)
	// Output: mirror next door <nil>
}

// A mirror that is down is of no use, however fast it says so.
func ExampleAny() {
	mirror, err := gather.Any(context.Background(),
		after(5, "mirror next door", nil),
		after(1, "", errors.New("connection refused")),
	)
	fmt.Println(mirror, err)

	_, err = gather.Any(context.Background(),
		after(2, "", errors.New("no route to host")),
		after(1, "", errors.New("connection refused")),
	)
	fmt.Println(err)
	// Output:
	// mirror next door <nil>
	// gather: 2 jobs failed: job 0: no route to host; job 1: connection refused
}

func upper(_ context.Context, s string) (string, error) {
	if s == "" {
		return "", errors.New("empty")
	}
	return strings.ToUpper(s), nil
}

func ExampleMap() {
	got, err := gather.Map(context.Background(), []string{"a", "b", "c"}, upper, gather.Limit(2))
	fmt.Println(got, err)
	// Output: [A B C] <nil>
}

// To filter, let the jobs say what to keep.
func ExampleMap_filter() {
	words := []string{"level", "lever", "radar"}
	keep, err := gather.Map(context.Background(), words, func(_ context.Context, w string) (bool, error) {
		letters := []rune(w)
		slices.Reverse(letters)
		return string(letters) == w, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, w := range words {
		if keep[i] {
			fmt.Println(w)
		}
	}
	// Output:
	// level
	// radar
}

func ExampleEach() {
	err := gather.Each(context.Background(), []string{"a", "", "c"}, func(ctx context.Context, s string) error {
		_, err := upper(ctx, s)
		return err
	})
	fmt.Println(err)
	// Output: gather: job 1: empty
}

// Functions take options through Map.
func ExampleCall() {
	fns := []task.Func[int]{after(1, 1, nil), after(1, 2, nil), after(1, 3, nil)}
	got, err := gather.Map(context.Background(), fns, gather.Call, gather.Limit(2))
	fmt.Println(got, err)
	// Output: [1 2 3] <nil>
}

func ExampleLimit() {
	running := make(chan struct{}, 2) // would block if a third one ran
	err := gather.Each(context.Background(), make([]int, 100), func(context.Context, int) error {
		select {
		case running <- struct{}{}:
			<-running
			return nil
		default:
			return errors.New("too many at once")
		}
	}, gather.Limit(2))
	fmt.Println(err)
	// Output: <nil>
}

type file struct {
	name string
	size int64
}

// Files of up to 100 MB altogether are in memory at once.
func ExampleWeight() {
	files := []file{{"a", 30 << 20}, {"b", 90 << 20}, {"c", 200 << 20}}
	_, err := gather.Map(context.Background(), files, func(_ context.Context, f file) (string, error) {
		return f.name, nil
	},
		gather.Weight(100<<20, func(f file) int64 { return f.size }),
		gather.Name(func(f file) string { return f.name }))
	fmt.Println(err)
	// Output: gather: job 2 (c): weight 209715200: more than the capacity of 104857600, so it could never start
}

// interval is a Limiter. That of golang.org/x/time/rate can do much more.
type interval struct{ tick *time.Ticker }

func (l interval) Wait(ctx context.Context) error {
	select {
	case <-l.tick.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func ExampleRate() {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	_, err := gather.Map(context.Background(), []string{"a", "b", "c"}, upper, gather.Rate(interval{tick}))
	fmt.Println(err, time.Since(start) >= 6*time.Millisecond)
	// Output: <nil> true
}

func ExampleTimeout() {
	fns := []task.Func[int]{after(60_000, 1, nil)}
	_, err := gather.Map(context.Background(), fns, gather.Call, gather.Timeout(time.Millisecond))
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	var timeout *task.TimeoutError
	if errors.As(err, &timeout) {
		fmt.Println("after", timeout.After)
	}
	// Output:
	// true
	// after 1ms
}

var errBusy = errors.New("busy")

func ExampleRetry() {
	attempts := 0
	got, err := gather.Map(context.Background(), []string{"a"}, func(ctx context.Context, s string) (string, error) {
		if attempts++; attempts < 3 {
			return "", errBusy
		}
		return upper(ctx, s)
	}, gather.Retry(5, gather.Exponential(time.Millisecond, time.Second), func(err error) bool {
		return errors.Is(err, errBusy)
	}))
	fmt.Println(got, err, attempts)
	// Output: [A] <nil> 3
}

func ExampleExponential() {
	wait := gather.Exponential(100*time.Millisecond, 10*time.Second)
	d := wait(3, errBusy) // after three attempts have failed
	fmt.Println(200*time.Millisecond <= d && d <= 400*time.Millisecond)
	// Output: true
}

// busyError says for how long the server is busy.
type busyError struct{ retryAfter time.Duration }

func (e busyError) Error() string { return "busy for " + e.retryAfter.String() }

// A Backoff of one's own does what the server asks for.
func ExampleBackoff() {
	fallback := gather.Constant(time.Second)
	wait := func(failed int, err error) time.Duration {
		var busy busyError
		if errors.As(err, &busy) {
			return busy.retryAfter
		}
		return fallback(failed, err)
	}
	first := true
	got, err := gather.Map(context.Background(), []string{"a"}, func(ctx context.Context, s string) (string, error) {
		if first {
			first = false
			return "", busyError{retryAfter: time.Millisecond}
		}
		return upper(ctx, s)
	}, gather.Retry(2, wait, func(error) bool { return true }))
	fmt.Println(got, err)
	// Output: [A] <nil>
}

func ExampleConstant() {
	wait := gather.Constant(time.Second)
	fmt.Println(wait(1, errBusy), wait(7, errBusy))
	// Output: 1s 1s
}

func ExampleProgress() {
	_, err := gather.Map(context.Background(), []string{"a", "b", "c"}, upper, gather.Progress(func(c gather.Counts) {
		fmt.Printf("%d of %d\n", c.Done, c.Total)
	}))
	fmt.Println(err)
	// Output:
	// 1 of 3
	// 2 of 3
	// 3 of 3
	// <nil>
}

func ExampleProgress_failures() {
	_, _ = gather.Map(context.Background(), []string{"a", "", "c"}, upper,
		gather.OnError(gather.CollectAll),
		gather.Progress(func(c gather.Counts) {
			if c.Done == c.Total {
				fmt.Printf("%d done, %d failed\n", c.Done, c.Failed)
			}
		}))
	// Output: 3 done, 1 failed
}

func ExampleOnError() {
	words := []string{"a", "", "c", ""}
	got, err := gather.Map(context.Background(), words, upper, gather.OnError(gather.CollectAll))
	fmt.Printf("%q\n", got)
	var failed gather.Errors
	if errors.As(err, &failed) {
		for _, job := range failed {
			fmt.Printf("words[%d] is no good: %v\n", job.Index, job.Err)
		}
	}
	// Output:
	// ["A" "" "C" ""]
	// words[1] is no good: empty
	// words[3] is no good: empty
}

func ExampleStopAfter() {
	words := make([]string, 1000)
	_, err := gather.Map(context.Background(), words, upper, gather.Limit(1), gather.OnError(gather.StopAfter(2)))
	fmt.Println(err)
	// Output: gather: 2 jobs failed: job 0: empty; job 1: empty
}

func ExampleName() {
	hosts := []string{"db1", "db2"}
	err := gather.Each(context.Background(), hosts, func(_ context.Context, host string) error {
		if host == "db2" {
			return errors.New("connection refused")
		}
		return nil
	}, gather.Name(func(host string) string { return host }))
	fmt.Println(err)
	// Output: gather: job 1 (db2): connection refused
}

// The input never ends; the loop does, and leaves nothing running.
func ExampleStream() {
	naturals := func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}
	square := func(_ context.Context, i int) (int, error) { return i * i, nil }

	for v, err := range gather.Stream(context.Background(), naturals, square, gather.Ordered()) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		if v > 20 {
			break
		}
		fmt.Println(v)
	}
	// Output:
	// 0
	// 1
	// 4
	// 9
	// 16
}

func ExampleOrdered() {
	in := slices.Values([]int{20, 1, 10})
	wait := func(ctx context.Context, ms int) (int, error) { return after(ms, ms, nil)(ctx) }
	for ms := range gather.Stream(context.Background(), in, wait, gather.Limit(3), gather.Ordered()) {
		fmt.Println(ms)
	}
	// Output:
	// 20
	// 1
	// 10
}

// At most 2 items are taken from the input that the loop has not seen the
// results of.
func ExampleBuffer() {
	taken := 0
	in := func(yield func(int) bool) {
		for taken = 1; yield(taken); taken++ {
		}
	}
	id := func(_ context.Context, i int) (int, error) { return i, nil }
	for i := range gather.Stream(context.Background(), in, id, gather.Limit(2), gather.Buffer(0)) {
		if i == 10 {
			break
		}
	}
	fmt.Println(taken <= 12)
	// Output: true
}

// The channel is never closed, and yet the loop ends when it wants to.
func ExampleFromChan() {
	words := make(chan string, 2)
	words <- "a"
	words <- "b"
	for w, err := range gather.Stream(context.Background(), gather.FromChan(words), upper, gather.Ordered()) {
		fmt.Println(w, err)
		if w == "B" {
			break
		}
	}
	// Output:
	// A <nil>
	// B <nil>
}

func ExampleGroup() {
	var g gather.Group // was: errgroup.Group
	g.SetLimit(4)
	for i := range 10 {
		g.Go(func() error {
			if i == 7 {
				return fmt.Errorf("job %d failed", i)
			}
			return nil
		})
	}
	fmt.Println(g.Wait())
	// Output: job 7 failed
}

func ExampleWithContext() {
	g, ctx := gather.WithContext(context.Background())
	g.Go(func() error { return errors.New("disk full") })
	g.Go(func() error {
		<-ctx.Done()
		fmt.Println("giving up:", context.Cause(ctx))
		return ctx.Err()
	})
	fmt.Println(g.Wait())
	// Output:
	// giving up: disk full
	// disk full
}

// Every error counts, and none keeps the other functions from their work.
func ExampleGroup_SetPolicy() {
	var g gather.Group
	g.SetPolicy(gather.CollectAll)
	for _, host := range []string{"a", "b", "c"} {
		g.Go(func() error {
			if host == "b" {
				return nil
			}
			return errors.New(host + " is down")
		})
	}
	fmt.Println(g.Wait())
	// Output: gather: 2 jobs failed: job 0: a is down; job 2: c is down
}

func ExampleGroupOf() {
	var g gather.GroupOf[int]
	for i := range 5 {
		g.Go(func() (int, error) { return i * i, nil })
	}
	squares, err := g.Wait()
	fmt.Println(squares, err)
	// Output: [0 1 4 9 16] <nil>
}

func ExampleGroupOfWithContext() {
	g, ctx := gather.GroupOfWithContext[string](context.Background())
	g.Go(func() (string, error) { return "", errors.New("disk full") })
	g.Go(func() (string, error) {
		<-ctx.Done()
		return "saved what there was", nil
	})
	got, err := g.Wait()
	fmt.Printf("%q %v\n", got, err)
	// Output: ["" "saved what there was"] gather: job 0: disk full
}
