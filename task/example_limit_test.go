package task_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/heirloom-go/heirloom/task"
)

// A crawler: each page leads to others, and two are fetched at once.
func ExampleLimit() {
	var pages atomic.Int32
	var visit func(depth int) func(ctx context.Context) error
	visit = func(depth int) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			pages.Add(1)
			for range 3 {
				if depth > 0 {
					task.Start(ctx, visit(depth-1))
				}
			}
			return nil
		}
	}
	err := task.Group(context.Background(), func(ctx context.Context) error {
		task.Start(ctx, visit(3))
		return nil
	}, task.Limit(2))
	fmt.Println(pages.Load(), err)
	// Output: 40 <nil>
}

func ExampleServe() {
	err := task.Group(context.Background(), func(ctx context.Context) error {
		addr, _, err := task.Serve(ctx, func(ctx context.Context, ready func(string)) error {
			ready("localhost:8080")
			<-ctx.Done() // serves
			return ctx.Err()
		})
		fmt.Println("listening on", addr, err)
		task.CancelScope(ctx, errors.New("enough"))
		return nil
	}, task.Name("server"))
	fmt.Println(err)
	// Output:
	// listening on localhost:8080 <nil>
	// task: "server" was cancelled: enough
}

func ExamplePromise() {
	answer, complete := task.Promise[int](context.Background())
	go complete(42, nil) // a callback of some library
	fmt.Println(answer.Await(context.Background()))
	// Output: 42 <nil>
}
