package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/supervise"
)

// A consumer loses its connection twice.
func Example() {
	consume := func(context.Context) error {
		switch attempt := supervise.Current.Get(); attempt.Run {
		case 1:
			return errors.New("connection reset")
		case 2:
			panic("no queue")
		default:
			fmt.Println("run", attempt.Run, "is well")
		}
		return nil
	}
	err := supervise.Run(context.Background(), consume,
		supervise.Name("consumer"),
		supervise.Delay(time.Millisecond, time.Second),
		supervise.OnFailure(func(f supervise.Failure) {
			var pe *task.PanicError
			fmt.Println(f.Name, "run", f.Run, "failed; by a panic:", errors.As(f.Err, &pe))
		}))
	fmt.Println(err)
	// Output:
	// consumer run 1 failed; by a panic: false
	// consumer run 2 failed; by a panic: true
	// run 3 is well
	// <nil>
}

// A function that fails too often makes the Group around it fail.
func ExampleMaxRestarts() {
	err := task.Group(context.Background(), func(ctx context.Context) error {
		supervise.Go(ctx, func(context.Context) error { return errors.New("port is taken") },
			supervise.Name("listener"),
			supervise.MaxRestarts(2, time.Minute),
			supervise.Delay(time.Millisecond, time.Millisecond),
			supervise.OnFailure(func(f supervise.Failure) { fmt.Println("restart", f.Run) }))
		return nil
	})
	fmt.Println(err)
	// Output:
	// restart 1
	// restart 2
	// task: group: supervise: "listener" failed again after 2 restarts within 1m0s: port is taken
}
