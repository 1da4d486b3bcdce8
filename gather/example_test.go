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
