package limit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/limit"
)

// Two calls at the same time share one limit.
func Example() {
	db := limit.New(limit.Limit{AtOnce: 2})
	query := func(ctx context.Context, id int) (string, error) {
		if db.Held() > 2 {
			return "", fmt.Errorf("%d connections", db.Held())
		}
		return fmt.Sprint("row ", id), nil
	}
	err := task.Group(context.Background(), func(ctx context.Context) error {
		for range 2 {
			task.Go(ctx, func(ctx context.Context) (int, error) {
				rows, err := gather.Map(ctx, []int{1, 2, 3, 4}, limit.Func(db, query))
				fmt.Println(rows)
				return len(rows), err
			})
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// [row 1 row 2 row 3 row 4]
	// [row 1 row 2 row 3 row 4]
	// <nil>
}

// A crawler that is polite to each host, and takes no more than the whole
// program may.
func ExampleFuncBy() {
	type page struct{ host, path string }
	all := limit.New(limit.Limit{AtOnce: 8})
	hosts := limit.NewKeyed(func(host string) limit.Limit {
		return limit.Limit{AtOnce: 2, Every: time.Millisecond}
	})
	gate := func(p page) limit.Gate { return limit.Chain(hosts.For(p.host), all) }
	fetch := func(_ context.Context, p page) (string, error) { return p.host + p.path, nil }

	pages := []page{{"a.example", "/1"}, {"b.example", "/1"}, {"a.example", "/2"}}
	fetched, err := gather.Map(context.Background(), pages, limit.FuncBy(gate, fetch))
	fmt.Println(fetched, err)
	// Output: [a.example/1 b.example/1 a.example/2] <nil>
}

func ExampleLimiter_SetLimit() {
	l := limit.New(limit.Limit{AtOnce: 1})
	fmt.Println(l.TryAcquire(1), l.TryAcquire(1))
	l.SetLimit(limit.Limit{AtOnce: 2}) // the other side has more to give
	fmt.Println(l.TryAcquire(1), l.Held())
	l.Release(2)
	// Output:
	// true false
	// true 2
}

func ExampleDo() {
	l := limit.New(limit.Limit{AtOnce: 1})
	n, err := limit.Do(context.Background(), l, func(context.Context) (int64, error) { return l.Held(), nil })
	fmt.Println(n, err, l.Held())
	// Output: 1 <nil> 0
}
