package task_test

import (
	"context"
	"fmt"

	"github.com/heirloom-go/heirloom/task"
)

// Where is the task that does not go on?
func ExampleTakeStacks() {
	answers, asked := make(chan string), make(chan struct{})
	_ = task.Group(context.Background(), func(ctx context.Context) error {
		ask := task.Go(ctx, func(context.Context) (string, error) {
			close(asked)
			return <-answers, nil
		}, task.Name("ask"))
		<-asked

		stack, ok := task.TakeStacks().Of(ask.ID())
		fmt.Println(ok, stack.Name, "has", len(stack.Goroutines), "goroutine") // fmt.Println(stack) has its calls
		answers <- "42"
		return nil
	})
	// Output: true ask has 1 goroutine
}
