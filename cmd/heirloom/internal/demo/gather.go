package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

var taskID = ctxvar.New("task_id", ctxvar.Default("none"))

func subTask() { fmt.Fprintln(stdout, "Sub task running with task_id:", taskID.Get()) }

func mainTask(id string) task.Func[struct{}] {
	return func(ctx context.Context) (struct{}, error) {
		defer taskID.Set(id).Reset()
		subTask()
		return struct{}{}, task.Sleep(ctx, 100*time.Millisecond)
	}
}

func gatherTasks(ctx context.Context) error {
	_, err := gather.All(ctx, mainTask("task1"), mainTask("task2"))
	return err
}
