package main_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/alitto/pond/v2"
	"github.com/gammazero/workerpool"
	"github.com/panjf2000/ants/v2"
	"github.com/stretchr/testify/assert"
	"golang.org/x/sync/errgroup"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// The recipes of docs/lifetimes.md for libraries that run functions in goroutines that
// they keep.

// request serves a request of a tenant as the middleware does: as a piece of work of
// its own, with a ctx that carries what it has set.
func request(name string, handle func(ctx context.Context)) {
	ctxvar.Work(func() {
		tenant.Set(name)
		handle(ctxvar.NewContext(context.Background()))
	})
}

// ants starts a worker in a Submit that finds none idle, and keeps it for jobs of other
// callers.
func Example_ants() {
	pool, err := ants.NewPool(1, ants.WithDisablePurge(true))
	if err != nil {
		panic(err)
	}
	defer pool.ReleaseTimeout(time.Minute)
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}

	var jobs sync.WaitGroup
	jobs.Add(3)
	request("acme", func(context.Context) { must(pool.Submit(jobs.Done)) })
	request("umbrella", func(ctx context.Context) {
		job := func() {
			defer jobs.Done()
			fmt.Println(tenant.Get())
		}
		must(pool.Submit(job))
		must(pool.Submit(func() { ctxvar.RunFrom(ctx, job) }))
	})
	jobs.Wait()
	// Output:
	// acme
	// umbrella
}

// submit makes pool run job with the values of ctx. The worker, which Submit may start,
// inherits nothing from the caller.
func submit(ctx context.Context, pool *ants.Pool, job func()) (err error) {
	ctxvar.Detach(func() { err = pool.Submit(func() { ctxvar.RunFrom(ctx, job) }) })
	return err
}

// If a pool starts its workers in Submit, Detach around it keeps them from inheriting
// the values of the first caller.
func Example_antsDetached() {
	pool, err := ants.NewPool(1, ants.WithDisablePurge(true))
	if err != nil {
		panic(err)
	}
	defer pool.ReleaseTimeout(time.Minute)

	var jobs sync.WaitGroup
	jobs.Add(2)
	job := func() {
		defer jobs.Done()
		fmt.Println(tenant.Get())
	}
	request("acme", func(ctx context.Context) { err = submit(ctx, pool, job) })
	if err != nil {
		panic(err)
	}
	if err := pool.Submit(job); err != nil { // bare, to show what the worker has
		panic(err)
	}
	jobs.Wait()
	// Output:
	// acme
	// nobody
}

// pond starts a worker in Submit too, and the worker goes on with jobs that others have
// queued.
func Example_pond() {
	pool := pond.NewPool(1)
	defer pool.StopAndWait()

	queued := make(chan struct{})
	request("acme", func(context.Context) { pool.Submit(func() { <-queued }) })
	request("umbrella", func(ctx context.Context) {
		job := func() { fmt.Println(tenant.Get()) }
		pool.Submit(job)
		last := pool.Submit(func() { ctxvar.RunFrom(ctx, job) })
		close(queued)
		if err := last.Wait(); err != nil {
			panic(err)
		}
	})
	// Output:
	// acme
	// umbrella
}

// workerpool has a goroutine from New on, which starts all workers. They have the
// values of the caller of New.
func Example_workerpool() {
	var pool *workerpool.WorkerPool
	request("acme", func(context.Context) { pool = workerpool.New(1) })
	defer pool.StopWait()

	request("umbrella", func(ctx context.Context) {
		job := func() { fmt.Println(tenant.Get()) }
		pool.SubmitWait(job)
		pool.SubmitWait(func() { ctxvar.RunFrom(ctx, job) })
	})
	// Output:
	// acme
	// umbrella
}

// errgroup starts a goroutine for each function. It has the current values of the
// caller of Go, so nothing needs to be done.
func Example_errgroup() {
	request("acme", func(ctx context.Context) {
		tenant.Set("acme, a branch of it")
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error {
			fmt.Println(tenant.Get())
			// Code that goes by the ctx, which is older, reads the same.
			counts, _ := tenant.In(ctxvar.Effective(ctx))
			fmt.Println(counts)
			return nil
		})
		if err := g.Wait(); err != nil {
			panic(err)
		}
	})
	// Output:
	// acme, a branch of it
	// acme, a branch of it
}

// user is the user for whom code acts.
var user = ctxvar.New("user", ctxvar.Identity[string]())

// While the request that started a worker lasts, the worker is inside its work,
// whichever job it does. After that the worker has no identity. Within RunFrom it
// always has the job's.
func TestIdentityInAPool(t *testing.T) {
	whose := func() string { return user.GetOr("nobody") }
	for _, tt := range []struct {
		reason string
		open   func(func())
		during string
	}{
		{"opened in the middle of a request: that request's, while it lasts", func(open func()) { open() }, "alice"},
		{"opened under Detach: nobody's from the start", ctxvar.Detach, "nobody"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var pool *workerpool.WorkerPool
			opened, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
			go func() {
				defer close(ended)
				ctxvar.Work(func() {
					user.Set("alice")
					tt.open(func() { pool = workerpool.New(1) })
					close(opened)
					<-end
				})
			}()
			<-opened
			defer pool.StopWait()

			ctxvar.Work(func() {
				user.Set("bob")
				ctx := ctxvar.NewContext(t.Context())
				job := func() (bare, from string) {
					pool.SubmitWait(func() {
						bare = whose()
						ctxvar.RunFrom(ctx, func() { from = whose() })
					})
					return bare, from
				}
				bare, from := job()
				assert.Equal(t, tt.during, bare)
				assert.Equal(t, "bob", from)
				close(end)
				<-ended
				bare, from = job()
				assert.Equal(t, "nobody", bare, "alice's request is over")
				assert.Equal(t, "bob", from)
			})
		})
	}
}

// Code that is given a ctx, such as a logger, goes by the ctx in a worker of another
// request. In a worker of the same request it goes by the worker, which has the values
// of its start. RunFrom is right in both cases.
func TestWhatACtxSaysInAPool(t *testing.T) {
	var pool *workerpool.WorkerPool
	logged := func(ctx context.Context) (bare, from string) {
		log := func() string {
			name, _ := tenant.In(ctxvar.Effective(ctx))
			return name
		}
		pool.SubmitWait(func() {
			bare = log()
			ctxvar.RunFrom(ctx, func() {
				from = log()
				assert.Equal(t, from, tenant.Get())
			})
		})
		return bare, from
	}
	request("acme", func(context.Context) {
		pool = workerpool.New(1)
		tenant.Set("acme, a branch of it")
		bare, from := logged(ctxvar.NewContext(t.Context()))
		assert.Equal(t, "acme", bare)
		assert.Equal(t, "acme, a branch of it", from)
	})
	defer pool.StopWait()
	request("umbrella", func(ctx context.Context) {
		bare, from := logged(ctx)
		assert.Equal(t, "umbrella", bare)
		assert.Equal(t, "umbrella", from)
	})
}
