package task_test

import (
	"context"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

var taskID = ctxvar.New("task_id", ctxvar.Default("none"))

func subTask() { fmt.Println("Sub task running with task_id:", taskID.Get()) }

// A task starts with a copy of its caller's variables, and what it sets is its
// own.
func Example() {
	mainTask := func(id string) task.Func[struct{}] {
		return func(ctx context.Context) (struct{}, error) {
			defer taskID.Set(id).Reset()
			subTask()
			return struct{}{}, task.Sleep(ctx, time.Millisecond)
		}
	}
	_, err := task.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
		for _, id := range []string{"task1", "task2"} {
			if _, err := task.Go(ctx, mainTask(id)).Await(ctx); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	fmt.Println(taskID.Get(), err)
	// Output:
	// Sub task running with task_id: task1
	// Sub task running with task_id: task2
	// none <nil>
}
