package joinset_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/joinset"
)

// A crawler also fetches the pages that a page links to, each page once.
func Example() {
	links := map[string][]string{
		"/":       {"/docs", "/blog"},
		"/docs":   {"/", "/docs/a"},
		"/blog":   {"/docs"},
		"/docs/a": nil,
	}
	type page struct {
		path  string
		links []string
	}
	fetch := func(path string) task.Func[page] {
		return func(ctx context.Context) (page, error) {
			return page{path, links[path]}, task.Sleep(ctx, time.Duration(len(path))*time.Millisecond)
		}
	}
	err := task.Group(context.Background(), func(ctx context.Context) error {
		pages := joinset.New[page](ctx)
		defer pages.Cancel(nil)
		pages.Go(fetch("/"))
		seen := map[string]bool{"/": true}
		for p, err := range pages.Results(ctx) {
			if err != nil {
				return err
			}
			fmt.Println(p.path)
			for _, link := range p.links {
				if !seen[link] {
					seen[link] = true
					pages.Go(fetch(link))
				}
			}
		}
		return nil
	})
	fmt.Println(err)
	// Unordered output:
	// /
	// /docs
	// /blog
	// /docs/a
	// <nil>
}

// Breaking out of the loop leaves the rest to another one, or to Cancel.
func ExampleSet_Cancel() {
	ctx := context.Background()
	mirrors := joinset.New[string](ctx)
	for n, name := range []string{"near", "far", "further"} {
		mirrors.Go(func(ctx context.Context) (string, error) {
			return name, task.Sleep(ctx, time.Duration(n)*time.Hour)
		}, task.Name(name))
	}
	for name := range mirrors.Results(ctx) {
		fmt.Println("first:", name)
		break
	}
	mirrors.Cancel(errors.New("one is enough"))
	for _, err := range mirrors.Tasks(ctx) {
		fmt.Println(errors.Is(err, context.Canceled))
	}
	// Output:
	// first: near
	// true
	// true
}

// Tasks yields the task of each result.
func ExampleSet_Tasks() {
	ctx := context.Background()
	checks := joinset.New[time.Duration](ctx)
	checks.Go(func(context.Context) (time.Duration, error) { return time.Millisecond, nil }, task.Name("db"))
	checks.Go(func(context.Context) (time.Duration, error) { return 0, errors.New("refused") }, task.Name("cache"))
	for check, err := range checks.Tasks(ctx) {
		if err != nil {
			fmt.Println(check.Name(), "is down:", err)
			continue
		}
		took, _ := check.Result()
		fmt.Println(check.Name(), "answered in", took)
	}
	// Unordered output:
	// db answered in 1ms
	// cache is down: refused
}
