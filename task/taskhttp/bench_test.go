package taskhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/heirloom-go/heirloom/task"
	"github.com/heirloom-go/heirloom/task/taskhttp"
)

// The cost of a request: a whole picture for each, with ten thousand tasks.
func BenchmarkView(b *testing.B) {
	h := taskhttp.New(taskhttp.Interval(time.Nanosecond))
	defer h.Close()
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	started := make(chan struct{})
	go func() {
		defer close(ended)
		_ = task.Group(ctx, func(ctx context.Context) error {
			for i := range 10_000 {
				task.Go(ctx, sleeps, task.Name(fmt.Sprint("GET /orders/", i)))
			}
			close(started)
			return nil
		})
	}()
	<-started
	defer func() { cancel(); <-ended }()
	for _, query := range []string{"max=0", "max=100", "max=100&offset=9000", "max=100&match=99", "max=100&sort=name", "max=10000"} {
		b.Run(query, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/?format=json&"+query, nil)
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
	b.Run("stack", func(b *testing.B) {
		for b.Loop() {
			task.TakeStacks()
		}
	})
}
