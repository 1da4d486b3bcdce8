package periodic_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/periodic"
)

// A cache is refreshed while the server runs, and no longer. A failed refresh is
// reported, and the next one is due as usual.
func Example() {
	shutdown := make(chan struct{})
	refresh := func(context.Context) error {
		switch run := periodic.Current.Get().Run; run {
		case 1:
			fmt.Println("refreshed")
		case 2:
			return errors.New("no answer")
		case 3:
			fmt.Println("refreshed again")
			close(shutdown)
		}
		return nil
	}
	err := task.Group(context.Background(), func(ctx context.Context) error {
		cache := periodic.Go(ctx, time.Millisecond, refresh,
			periodic.Name("cache"),
			periodic.Now(),
			periodic.OnFailure(func(f periodic.Failure) { fmt.Println(f.Name, "was not:", f.Err) }))
		<-shutdown // serve
		cache.Cancel(nil)
		return nil
	})
	fmt.Println(err)
	// Output:
	// refreshed
	// cache was not: no answer
	// refreshed again
	// <nil>
}

func ExampleEvery() {
	left := 3
	err := periodic.Every(context.Background(), time.Millisecond, func(context.Context) error {
		if left == 0 {
			return periodic.ErrStop
		}
		fmt.Println(left)
		left--
		return nil
	})
	fmt.Println("go", err)
	// Output:
	// 3
	// 2
	// 1
	// go <nil>
}
