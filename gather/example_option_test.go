package gather_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

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
	start := time.Now()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
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
