package scope_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/scope"
)

// A handler leaves work behind, and the server does not lose it: the server ends only
// when the work has ended.
func Example() {
	_, err := task.Run(context.Background(), func(ctx context.Context) (string, error) {
		var mails *scope.Scope
		err := task.Group(ctx, func(ctx context.Context) error {
			mails = scope.New(ctx)
			register := func(user string) string {
				scope.Go(mails, func(ctx context.Context) (int, error) {
					defer fmt.Println("mailed", user)
					return 0, task.Sleep(ctx, 10*time.Millisecond)
				})
				return "welcome, " + user
			}
			fmt.Println(register("alice"))
			return nil
		})
		fmt.Println("the server has ended")
		return "", err
	})
	fmt.Println(err)
	// Output:
	// welcome, alice
	// mailed alice
	// the server has ended
	// <nil>
}

// Failures are reported at once, and not kept until the end.
func ExampleOnFailure() {
	err := task.Group(context.Background(), func(ctx context.Context) error {
		jobs := scope.New(ctx, scope.OnFailure(func(t task.Handle, err error) {
			fmt.Printf("%s: %v\n", t.Name(), err)
		}))
		scope.Go(jobs, func(context.Context) (int, error) { return 0, errors.New("disk full") }, task.Name("backup"))
		return jobs.Wait(ctx)
	})
	fmt.Println(err)
	// Output:
	// backup: disk full
	// <nil>
}

func ExampleScope_Cancel() {
	ctx := context.Background()
	jobs := scope.New(ctx)
	job := scope.Go(jobs, func(ctx context.Context) (int, error) { return 0, task.Sleep(ctx, time.Hour) }, task.Name("job"))
	jobs.Cancel(errors.New("not needed any more"))
	fmt.Println(jobs.Wait(ctx))
	fmt.Println(job.Err())
	// Output:
	// <nil>
	// task: "job" was cancelled: not needed any more
}
