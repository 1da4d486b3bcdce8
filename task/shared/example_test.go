package shared_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/shared"
)

// Three requests ask for the same page at the same time, and it is rendered once. The
// first of them gives up, which does not affect the others.
func Example() {
	var rendered atomic.Int32
	pages := shared.New(context.Background(), func(ctx context.Context, path string) (string, error) {
		rendered.Add(1)
		return "page of " + path, task.Sleep(ctx, 50*time.Millisecond)
	})

	var requests sync.WaitGroup
	for n := range 3 {
		requests.Go(func() {
			ctx := context.Background()
			if n == 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Millisecond)
				defer cancel()
			}
			page, err := pages.Do(ctx, "/")
			if n != 0 {
				fmt.Println(page, err)
			}
		})
	}
	requests.Wait()
	fmt.Println("rendered", rendered.Load(), "time(s)")
	// Output:
	// page of / <nil>
	// page of / <nil>
	// rendered 1 time(s)
}
