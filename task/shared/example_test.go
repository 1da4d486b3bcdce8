package shared_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/shared"
)

// Three requests ask for the same page at the same time, and it is rendered once. The
// first of them gives up, which does not affect the others.
func Example() {
	var rendered atomic.Int32
	asked := make(chan struct{})
	pages := shared.New(context.Background(), func(_ context.Context, path string) (string, error) {
		rendered.Add(1)
		<-asked // takes long enough for others to ask
		return "page of " + path, nil
	})

	_, err := task.Run(context.Background(), func(ctx context.Context) (none struct{}, _ error) {
		var requests []*task.Task[string]
		for range 3 {
			request := task.Go(ctx, func(ctx context.Context) (string, error) { return pages.Do(ctx, "/") })
			for request.State() != task.Waiting {
				time.Sleep(time.Millisecond)
			}
			requests = append(requests, request)
		}
		requests[0].Cancel(nil)
		<-requests[0].Done()
		close(asked)
		for _, request := range requests[1:] {
			fmt.Println(request.Await(ctx))
		}
		return none, nil
	})
	fmt.Println("rendered", rendered.Load(), "time(s)", err)
	// Output:
	// page of / <nil>
	// page of / <nil>
	// rendered 1 time(s) <nil>
}
