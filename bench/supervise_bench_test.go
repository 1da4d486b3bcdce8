package bench_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/thejerf/suture/v4"

	"github.com/heirloom-go/heirloom/task/supervise"
)

var errFailed = errors.New("failed")

// A service has a number of runs. Each but the last fails at once, and the last calls
// done.
type service struct {
	runs int
	done context.CancelFunc
}

func (s *service) Serve(context.Context) error {
	if s.runs--; s.runs > 0 {
		return errFailed
	}
	s.done()
	return nil
}

// BenchmarkRestart measures what it costs to run a failed function again without a wait
// in between: in a loop that does nothing else, and in supervisors. A run of package
// supervise is a task with variables and a scope of its own.
func BenchmarkRestart(b *testing.B) {
	for _, c := range rotated([]struct {
		name string
		run  func(ctx context.Context, s *service)
	}{
		{"loop", func(ctx context.Context, s *service) {
			for s.Serve(ctx) != nil {
			}
		}},
		{"supervise", func(ctx context.Context, s *service) {
			_ = supervise.Run(ctx, s.Serve,
				supervise.Backoff(func(int, error) time.Duration { return 0 }),
				supervise.OnFailure(func(supervise.Failure) {}))
		}},
		{"suture", func(ctx context.Context, s *service) {
			top := suture.New("top", suture.Spec{FailureThreshold: math.MaxFloat64, EventHook: func(suture.Event) {}})
			top.Add(s)
			_ = top.Serve(ctx)
		}},
	}) {
		b.Run(c.name, func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			b.ResetTimer()
			measure(b, func() { c.run(ctx, &service{runs: b.N, done: cancel}) })
		})
	}
}
