package task_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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

// A function that returns an error and nothing else.
func ExampleStart() {
	ping := func(ctx context.Context) error { return errors.New("no route") }
	t := task.Start(context.Background(), ping)
	_, err := t.Await(context.Background())
	fmt.Println(err)
	// Output: no route
}

// What goes wrong after a function has given its result has nobody to be returned to.
func ExampleReport() {
	hear := task.Unobserved(func(info task.Info, err error) { fmt.Println(info.Name, "reports:", err) })
	closeFile := func() error { return errors.New("closing the file: disk full") }
	answer, err := task.Run(context.Background(), func(ctx context.Context) (int, error) {
		defer func() { task.Report(ctx, closeFile()) }()
		return 42, nil
	}, hear, task.Name("count"))
	fmt.Println(answer, err)
	// Output:
	// count reports: closing the file: disk full
	// 42 <nil>
}

// The first to find what all look for ends the search.
func ExampleCancelScope() {
	errFound := errors.New("found")
	err := task.Group(context.Background(), func(ctx context.Context) error {
		for place := range 10 {
			task.Start(ctx, func(ctx context.Context) error {
				if place == 7 {
					task.CancelScope(ctx, errFound)
					return nil
				}
				return task.Sleep(ctx, time.Hour)
			})
		}
		return nil
	})
	fmt.Println(errors.Is(err, errFound))
	// Output: true
}

// A check that has begun is not interrupted, but the loop ends with its Group.
func ExampleUntilEnding() {
	err := task.Group(context.Background(), func(ctx context.Context) error {
		checked := make(chan struct{})
		task.Start(context.WithoutCancel(ctx), func(ctx context.Context) error {
			open, stop := task.UntilEnding(ctx)
			defer stop()
			for open.Err() == nil {
				fmt.Println("checked, without looking at ctx")
				close(checked)
				_ = task.Sleep(open, time.Hour)
			}
			return context.Cause(open)
		})
		<-checked
		return errors.New("disk full")
	})
	fmt.Println(err)
	// Output:
	// checked, without looking at ctx
	// task: group: body: disk full
}

// A tree that says where each task was started.
func ExampleStartSites() {
	_, _ = task.Run(context.Background(), func(ctx context.Context) (struct{}, error) {
		t := task.Start(ctx, func(ctx context.Context) error { return task.Sleep(ctx, time.Hour) })
		for _, info := range task.Snapshot().Tasks {
			if info.ID == t.ID() {
				file, _, _ := strings.Cut(info.Site, ":")
				fmt.Println("started in", file)
			}
		}
		return struct{}{}, nil
	}, task.StartSites())
	// Output: started in example_scope_test.go
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

// If a worker waits for its own answer, the wait returns an error, and the worker can
// still give the answer.
func ExampleCompletedBy() {
	ctx := context.Background()
	var workers task.Members
	answer, complete := task.Promise[int](ctx, task.CompletedBy(&workers))
	task.Start(ctx, func(ctx context.Context) error {
		_, err := answer.Await(ctx)
		fmt.Println("deadlock:", errors.Is(err, task.ErrDeadlock))
		complete(42, nil)
		return nil
	}, task.MemberOf(&workers))
	fmt.Println(answer.Await(ctx))
	// Output:
	// deadlock: true
	// 42 <nil>
}

// A latch: one of the tasks in the list opens it.
func ExampleMembers_Until() {
	err := task.Group(context.Background(), func(ctx context.Context) error {
		var loaders task.Members
		loaded := make(chan struct{})
		task.Start(ctx, func(ctx context.Context) error {
			defer close(loaded)
			return task.Sleep(ctx, time.Millisecond)
		}, task.MemberOf(&loaders))
		return loaders.Until(ctx, loaded)
	})
	fmt.Println(err)
	// Output: <nil>
}

// The deadline of a Group moves as long as there is progress.
func ExampleSetTimeout() {
	err := task.Group(context.Background(), func(ctx context.Context) error {
		for _, limit := range []time.Duration{time.Minute, time.Minute, time.Millisecond} {
			fmt.Println("a heartbeat")
			task.SetTimeout(ctx, limit) // from now
		}
		return task.Sleep(ctx, time.Hour)
	}, task.Name("connection"))
	fmt.Println(err)
	// Output:
	// a heartbeat
	// a heartbeat
	// a heartbeat
	// task: "connection" timed out after 1ms
}

// Failures are counted by the name of the task, whatever becomes of them.
func ExampleOnFailure() {
	var failures sync.Map
	count := task.OnFailure(func(info task.Info, err error) {
		n, _ := failures.LoadOrStore(info.Name, new(atomic.Int32))
		n.(*atomic.Int32).Add(1)
	})
	flaky := func(context.Context) error { return errors.New("connection reset") }
	_, err := task.Run(context.Background(), func(ctx context.Context) (int, error) {
		for range 3 {
			if _, err := task.Start(ctx, flaky, task.Name("poll")).Await(ctx); err == nil {
				break
			}
		}
		return 0, nil
	}, count)
	n, _ := failures.Load("poll")
	fmt.Println("poll failed", n.(*atomic.Int32).Load(), "times;", err)
	// Output: poll failed 3 times; <nil>
}

// A program that serves until a signal ends it: after Ctrl-C it cleans up, and its exit
// code is 130.
func ExampleMain() {
	task.Main(func(ctx context.Context) error {
		defer fmt.Println("the last requests are answered")
		fmt.Println("serving")
		<-ctx.Done()
		return ctx.Err()
	}, task.Grace(30*time.Second))
}
