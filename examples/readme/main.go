// Command readme is the program at the beginning of the repository's README.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

var taskID = ctxvar.New("task_id", ctxvar.Default("none"))

func subTask() { fmt.Println("Sub task running with task_id:", taskID.Get()) } // no parameter

func mainTask(id string) task.Func[struct{}] {
	return func(ctx context.Context) (struct{}, error) {
		defer taskID.Set(id).Reset()
		subTask()
		return struct{}{}, task.Sleep(ctx, 100*time.Millisecond)
	}
}

func main() {
	gather.All(context.Background(), mainTask("task1"), mainTask("task2"))
}
