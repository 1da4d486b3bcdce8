package gather_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/heirloom-go/heirloom/gather"
)

func ExampleGroup() {
	var g gather.Group // was: errgroup.Group
	g.SetLimit(4)
	for i := range 10 {
		g.Go(func() error {
			if i == 7 {
				return fmt.Errorf("job %d failed", i)
			}
			return nil
		})
	}
	fmt.Println(g.Wait())
	// Output: job 7 failed
}

func ExampleWithContext() {
	g, ctx := gather.WithContext(context.Background())
	g.Go(func() error { return errors.New("disk full") })
	g.Go(func() error {
		<-ctx.Done()
		fmt.Println("giving up:", context.Cause(ctx))
		return ctx.Err()
	})
	fmt.Println(g.Wait())
	// Output:
	// giving up: disk full
	// disk full
}

// All errors are returned, and none keeps the other functions from running.
func ExampleGroup_SetPolicy() {
	var g gather.Group
	g.SetPolicy(gather.CollectAll)
	for _, host := range []string{"a", "b", "c"} {
		g.Go(func() error {
			if host == "b" {
				return nil
			}
			return errors.New(host + " is down")
		})
	}
	fmt.Println(g.Wait())
	// Output: gather: 2 jobs failed: job 0: a is down; job 2: c is down
}

func ExampleGroupOf() {
	var g gather.GroupOf[int]
	for i := range 5 {
		g.Go(func() (int, error) { return i * i, nil })
	}
	squares, err := g.Wait()
	fmt.Println(squares, err)
	// Output: [0 1 4 9 16] <nil>
}

func ExampleGroupOfWithContext() {
	g, ctx := gather.GroupOfWithContext[string](context.Background())
	g.Go(func() (string, error) { return "", errors.New("disk full") })
	g.Go(func() (string, error) {
		<-ctx.Done()
		return "saved what there was", nil
	})
	got, err := g.Wait()
	fmt.Printf("%q %v\n", got, err)
	// Output: ["" "saved what there was"] gather: job 0: disk full
}
