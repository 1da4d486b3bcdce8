package task_test

import (
	"context"
	"encoding/json"
	"errors"
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

func ExampleGo() {
	ctx := context.Background()
	sum := task.Go(ctx, func(context.Context) (int, error) { return 20 + 22, nil })
	// ... something else, meanwhile
	v, err := sum.Await(ctx)
	fmt.Println(v, err)
	// Output: 42 <nil>
}

func ExampleGroup() {
	fetch := func(name string, err error) task.Func[string] {
		return func(context.Context) (string, error) { return "page of " + name, err }
	}
	var a, b *task.Task[string]
	err := task.Group(context.Background(), func(ctx context.Context) error {
		a = task.Go(ctx, fetch("a", nil))
		b = task.Go(ctx, fetch("b", nil))
		return nil
	})
	// Both have ended.
	pageA, _ := a.Result()
	pageB, _ := b.Result()
	fmt.Println(pageA, "and", pageB, err)

	err = task.Group(context.Background(), func(ctx context.Context) error {
		task.Go(ctx, func(ctx context.Context) (string, error) { return "", task.Sleep(ctx, time.Hour) })
		task.Go(ctx, fetch("c", errors.New("not found")), task.Name("c"))
		return nil
	})
	fmt.Println(err)
	// Output:
	// page of a and page of b <nil>
	// task: group: "c": not found
}

// A supervisor: one failure leaves the others alone.
func ExampleFailFast() {
	err := task.Group(context.Background(), func(ctx context.Context) error {
		task.Go(ctx, func(context.Context) (int, error) { return 0, errors.New("broken") }, task.Name("a"))
		task.Go(ctx, func(ctx context.Context) (int, error) {
			err := task.Sleep(ctx, 10*time.Millisecond)
			fmt.Println("b goes on")
			return 0, err
		}, task.Name("b"))
		return nil
	}, task.FailFast(false))
	fmt.Println(err)
	// Output:
	// b goes on
	// task: group: "a": broken
}

func ExampleTask_Cancel() {
	ctx := context.Background()
	job := task.Go(ctx, func(ctx context.Context) (int, error) { return 0, task.Sleep(ctx, time.Hour) }, task.Name("job"))
	fmt.Println(job.Cancel(errors.New("not needed any more")))
	_, err := job.Await(ctx)
	fmt.Println(err)
	fmt.Println(job.State(), errors.Is(err, context.Canceled))
	fmt.Println(job.Cancel(nil))
	// Output:
	// true
	// task: "job" was cancelled: not needed any more
	// canceled true
	// false
}

func ExamplePanicError() {
	_, err := task.Run(context.Background(), func(context.Context) (int, error) {
		panic("out of paper")
	}, task.Name("main"))
	var pe *task.PanicError
	if errors.As(err, &pe) {
		fmt.Println(pe.Task, "panicked:", pe.Value)
		// pe.Stack is where.
	}
	// Output: main panicked: out of paper
}

func ExampleWithin() {
	ctx := context.Background()
	_, err := task.Within(ctx, time.Millisecond, func(ctx context.Context) (int, error) {
		return 0, task.Sleep(ctx, time.Hour)
	})
	var timeout *task.TimeoutError
	fmt.Println(errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded))
	fmt.Println(ctx.Err())
	// Output:
	// true true
	// <nil>
}

func ExampleWaitFor() {
	ctx := context.Background()
	slow := task.Go(ctx, func(ctx context.Context) (int, error) { return 0, task.Sleep(ctx, time.Hour) }, task.Name("slow"))
	_, err := task.WaitFor(ctx, slow, time.Millisecond)
	fmt.Println(err)
	fmt.Println(slow.State())
	// Output:
	// task: "slow" timed out after 1ms
	// canceled
}

func ExampleWait() {
	_, _ = task.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
		fast := task.Go(ctx, func(context.Context) (string, error) { return "fast", nil }, task.Name("fast"))
		slow := task.Go(ctx, func(ctx context.Context) (string, error) { return "slow", task.Sleep(ctx, time.Hour) }, task.Name("slow"))
		done, pending, err := task.Wait(ctx, task.FirstCompleted, slow, fast)
		fmt.Println(done[0].Name(), pending[0].Name(), err)
		return struct{}{}, nil
	})
	// Output: fast slow <nil>
}

func ExampleAsCompleted() {
	ctx := context.Background()
	var tasks []*task.Task[int]
	for _, ms := range []int{30, 0, 15} {
		tasks = append(tasks, task.Go(ctx, func(ctx context.Context) (int, error) {
			return ms, task.Sleep(ctx, time.Duration(ms)*time.Millisecond)
		}))
	}
	for t, err := range task.AsCompleted(ctx, tasks...) {
		ms, _ := t.Result()
		fmt.Println(ms, err)
	}
	// Unordered output:
	// 0 <nil>
	// 15 <nil>
	// 30 <nil>
}

// The order is stored whether or not the request is still there at the end.
func ExampleShield() {
	_, _ = task.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
		stored := make(chan string, 1)
		request := task.Go(ctx, func(ctx context.Context) (struct{}, error) {
			return task.Shield(ctx, func(ctx context.Context) (struct{}, error) {
				err := task.Sleep(ctx, 10*time.Millisecond)
				stored <- "stored"
				return struct{}{}, err
			})
		})
		request.Cancel(nil)
		<-request.Done()
		fmt.Println(request.State(), <-stored)
		return struct{}{}, nil
	})
	// Output: canceled stored
}

func ExampleInContext() {
	c := ctxvar.Copy()
	set := func(context.Context) (struct{}, error) { taskID.Set("task1"); return struct{}{}, nil }
	_, _ = task.Go(context.Background(), set, task.InContext(c)).Await(context.Background())
	v, _ := taskID.In(c)
	fmt.Println(v, taskID.Get())
	// Output: task1 none
}

func ExampleTask_OnDone() {
	ctx := context.Background()
	_, _ = task.Run(ctx, func(ctx context.Context) (struct{}, error) {
		job := task.Go(ctx, func(context.Context) (int, error) { taskID.Set("job 7"); return 42, nil })
		job.OnDone(func(job *task.Task[int]) {
			v, err := job.Result()
			fmt.Println(taskID.Get(), v, err)
		})
		_, err := job.Await(ctx)
		return struct{}{}, err // and Run waits for the callback
	})
	// Output: job 7 42 <nil>
}

func ExampleUnobserved() {
	report := task.Unobserved(func(info task.Info, err error) { fmt.Println(info.Name, "failed:", err) })
	_, _ = task.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
		job := task.Go(ctx, func(context.Context) (int, error) { return 0, errors.New("lost") }, task.Name("job"))
		<-job.Done() // nobody asks how it ended
		return struct{}{}, nil
	}, report)
	// Output: job failed: lost
}

func ExampleCurrent() {
	whoAmI := func() { fmt.Println(task.Current().Name()) } // no parameter
	_, _ = task.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
		whoAmI()
		_, err := task.Go(ctx, func(context.Context) (int, error) { whoAmI(); return 0, nil }, task.Name("child")).Await(ctx)
		return struct{}{}, err
	}, task.Name("main"))
	fmt.Println(task.Current())
	// Output:
	// main
	// child
	// <nil>
}

func ExampleSnapshot() {
	_, _ = task.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
		for _, info := range task.Snapshot().Tasks {
			text, _ := json.Marshal(struct {
				Name  string     `json:"name"`
				State task.State `json:"state"`
			}{info.Name, info.State})
			fmt.Println(string(text))
		}
		return struct{}{}, nil
	}, task.Name("main"))
	// Output: {"name":"main","state":"running"}
}

// C libraries that keep state in the thread need one that is theirs alone.
func ExampleToThread() {
	v, err := task.ToThread(context.Background(), func(context.Context) (string, error) {
		return "called on a thread of its own, with task_id " + taskID.Get(), nil
	})
	fmt.Println(v, err)
	// Output: called on a thread of its own, with task_id none <nil>
}
