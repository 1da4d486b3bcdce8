package ctxvar_test

import (
	"context"
	"fmt"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// A shared worker does a job with the variables of the job's ctx, not with those of the
// goroutine that started it.
func ExampleRunFrom() {
	order := ctxvar.New("order", ctxvar.Default("none"))
	type job struct {
		ctx context.Context
		run func()
	}
	jobs, done := make(chan job), make(chan struct{})
	order.With("first", func() {
		go func() { // the pool starts its worker with the first job
			defer close(done)
			for j := range jobs {
				j.run()
				ctxvar.RunFrom(j.ctx, j.run)
			}
		}()
	})
	order.With("second", func() {
		jobs <- job{ctxvar.NewContext(context.Background()), func() { fmt.Println(order.Get()) }}
	})
	close(jobs)
	<-done
	// Output:
	// first
	// second
}

// The user for whom code acts is a variable for identity: it is readable within the
// request that set it, and nowhere after that request.
func ExampleIdentity() {
	user := ctxvar.New("user", ctxvar.Identity[string]())
	over, done := make(chan struct{}), make(chan struct{})
	ctxvar.Work(func() { // as a middleware does with each request
		user.Set("alice")
		fmt.Println("in the request:", user.MustGet())
		go func() { // a janitor that this request happens to start
			defer close(done)
			<-over
			_, ok := user.Lookup()
			fmt.Println("after it:", ok)
		}()
	})
	close(over)
	<-done
	// Output:
	// in the request: alice
	// after it: false
}
