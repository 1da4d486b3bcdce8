package main

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	main()
	// Unordered output:
	// Sub task running with task_id: task1
	// Sub task running with task_id: task2
}

var user = ctxvar.New("user", ctxvar.Default("anonymous"))

// The README's ten lines, in a function that declares everything they name.
func Example_tenLines() {
	ctx := context.Background()
	var started sync.WaitGroup
	started.Add(1)
	audit := func() {
		defer started.Done()
		fmt.Println("audit reads", user.Get())
	}
	greet := func() { fmt.Println("greet reads", user.Get()) }
	worker := func() { fmt.Println("worker reads", user.Get()) }
	fetch := func(context.Context) (string, error) { return "page for " + user.Get(), nil }
	urls := []string{"a", "bc"}
	size := func(_ context.Context, url string) (int, error) { return len(url), nil }

	defer user.Set("alice").Reset()
	user.Get()
	go audit()
	started.Wait()
	user.With("bob", func() { greet() })
	snapshot := ctxvar.Copy()
	snapshot.Run(worker)
	t := task.Go(ctx, fetch)
	page, err := t.Await(ctx)
	fmt.Println(page, err)
	sizes, err := gather.Map(ctx, urls, size, gather.Limit(8))
	fmt.Println(sizes, err)
	// Output:
	// audit reads alice
	// greet reads bob
	// worker reads alice
	// page for alice <nil>
	// [1 2] <nil>
}
