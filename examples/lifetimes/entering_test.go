package main_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
)

// The values that a function finds depend on the goroutine that calls it. Each function
// here is handed over while tenant is "handed over", and set off while it is "set off".
func TestWhoCalls(t *testing.T) {
	found := make(chan string, 1)
	look := func() { found <- tenant.Get() }

	for _, tt := range []struct {
		reason string
		hand   func() (setOff func())
		want   string
	}{
		{
			"a go statement: the values of the goroutine that executes it",
			func() func() { go look(); return func() {} },
			"handed over",
		},
		{
			"a function handed to a goroutine that runs: the values of that one",
			func() func() {
				jobs := make(chan func())
				ctxvar.Detach(func() { go func() { (<-jobs)() }() })
				jobs <- look
				return func() {}
			},
			"nobody",
		},
		{
			"time.AfterFunc: no values",
			func() func() { time.AfterFunc(0, look); return func() {} },
			"nobody",
		},
		{
			"context.AfterFunc: the values of the goroutine that cancels",
			func() func() {
				ctx, cancel := context.WithCancel(t.Context())
				context.AfterFunc(ctx, look)
				return cancel
			},
			"set off",
		},
		{
			"context.AfterFunc: no values, if a deadline ends the ctx",
			func() func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				context.AfterFunc(ctx, look)
				return func() { <-ctx.Done(); cancel() }
			},
			"nobody",
		},
		{
			"runtime.AddCleanup: no values",
			func() func() {
				runtime.AddCleanup(new(session), func(func()) { look() }, look)
				return runtime.GC
			},
			"nobody",
		},
		{
			"iter.Pull: the values of its caller",
			func() func() {
				next, stop := iter.Pull(func(func(int) bool) { look() })
				return func() { next(); stop() }
			},
			"handed over",
		},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			var setOff func()
			tenant.With("handed over", func() { setOff = tt.hand() })
			tenant.With("set off", setOff)
			select {
			case got := <-found:
				assert.Equal(t, tt.want, got)
			case <-time.After(time.Minute):
				require.Fail(t, "never called")
			}
		})
	}
}

// A Context takes values to where no go statement takes them.
func Example_context() {
	jobs, done := make(chan func()), make(chan struct{})
	go func() { // a worker that began before there was a tenant
		defer close(done)
		for job := range jobs {
			job()
		}
	}()

	tenant.With("acme", func() {
		values := ctxvar.Copy()
		jobs <- func() {
			fmt.Println("as it is:", tenant.Get())
			values.Run(func() { fmt.Println("entered:", tenant.Get()) })
		}
	})
	close(jobs)
	<-done
	// Output:
	// as it is: nobody
	// entered: acme
}

// A ctx that is passed anyway can take them along.
func Example_snapshot() {
	queue, done := make(chan context.Context), make(chan struct{})
	go func() {
		defer close(done)
		for ctx := range queue {
			if values, ok := ctxvar.FromContext(ctx); ok {
				values.Run(func() { fmt.Println("for", tenant.Get()) })
			}
		}
	}()

	for _, name := range []string{"acme", "umbrella"} {
		tenant.With(name, func() { queue <- ctxvar.NewContext(context.Background()) })
	}
	close(queue)
	<-done
	// Output:
	// for acme
	// for umbrella
}
