package gather_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// An injected is what a function panicked with in a storm of faults.
type injected int

func (i injected) Error() string { return fmt.Sprint("fault ", int(i)) }

// A faultStorm is a call all of whose functions may panic or call Goexit at any time.
type faultStorm struct {
	mu    sync.Mutex
	r     *rand.Rand
	heard []int // how often, by fault
	text  []string
}

func (s *faultStorm) note(format string, args ...any) {
	s.text = append(s.text, fmt.Sprintf(format, args...))
}

func (s *faultStorm) intN(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.IntN(n)
}

// in is called in the function with the given name, and does not return in one of odds
// cases each way.
func (s *faultStorm) in(name string, odds int) {
	s.mu.Lock()
	way, fault := s.r.IntN(odds), injected(len(s.heard))
	switch way {
	case 0:
		s.heard = append(s.heard, 0)
		s.note("%s panics: %v", name, fault)
	case 1:
		s.note("%s exits", name)
	}
	s.mu.Unlock()
	switch way {
	case 0:
		panic(fault)
	case 1:
		runtime.Goexit()
	}
}

// hear counts the faults in err. Those in an error that only says why a job was not
// started are those of the function that has ended the call.
func (s *faultStorm) hear(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("heard: %v", err)
	seen := make(map[injected]bool)
	var look func(error)
	look = func(err error) {
		if fault, ok := err.(injected); ok && !seen[fault] {
			seen[fault] = true
			s.heard[fault]++
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			look(e.Unwrap())
		case interface{ Unwrap() []error }:
			if fmt.Sprintf("%T", err) == "*gather.notStartedError" {
				return
			}
			for _, inner := range e.Unwrap() {
				look(inner)
			}
		}
	}
	look(err)
}

func (s *faultStorm) job(ctx context.Context, i int) (int, error) {
	_ = task.Sleep(ctx, time.Duration(s.intN(3))*time.Second)
	if s.in("job", 12); s.intN(3) == 0 {
		return 0, errQuit
	}
	return i, nil
}

// options returns some, the functions of which may fail, those at the gate in every other
// storm.
func (s *faultStorm) options() (opts []gather.Option) {
	gate := 20 * (1 + 1_000*s.intN(2))
	policies := []gather.Policy{gather.FailFast, gather.CollectAll, gather.StopAfter(2)}
	for _, o := range []gather.Option{
		gather.Limit(1 + s.intN(4)),
		gather.Ordered(),
		gather.Timeout(2 * time.Second),
		gather.OnError(policies[s.intN(3)]),
		gather.Name(func(int) string { s.in("Name", 8); return "n" }),
		gather.Progress(func(gather.Counts) { s.in("Progress", 20) }),
		gather.Weight(5, func(i int) int64 { s.in("Weight", gate); return int64(i%3) + 1 }),
		gather.Rate(limiter(func(ctx context.Context) error { s.in("Rate", gate); return task.Sleep(ctx, time.Second/3) })),
		gather.Retry(3, func(int, error) time.Duration { s.in("Backoff", 10); return time.Second },
			func(error) bool { s.in("retryable", 10); return s.intN(2) == 0 }),
	} {
		if s.intN(2) == 0 {
			opts = append(opts, o)
		}
	}
	return opts
}

func (s *faultStorm) input(items int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range items {
			s.in("input", 30)
			if !yield(i) {
				break
			}
		}
		s.in("input", 30)
	}
}

func (s *faultStorm) call(ctx context.Context) error {
	items, opts := s.intN(12), s.options()
	switch s.intN(3) {
	case 0:
		_, err := gather.Map(ctx, upTo(items), s.job, opts...)
		return err
	case 1:
		in := s.input(items)
		for _, err := range gather.Stream(ctx, in, s.job, opts...) {
			s.hear(err)
			if s.in("body", 30); s.intN(10) == 0 {
				break
			}
		}
	default:
		first := func(ctx context.Context, batch []int) (int, error) { return s.job(ctx, batch[0]) }
		for _, err := range gather.Stream(ctx, gather.Batch(s.input(items), 2, time.Second), first) {
			s.hear(err)
			s.in("body", 30)
		}
	}
	return nil
}

// Whatever functions of the user's do, the call ends, nothing outlives it, and each panic
// is heard of once: it is returned, goes on in the caller, or is reported. The bubble fails
// if a goroutine is left in it.
func TestFaultStorm(t *testing.T) {
	rounds := 2000
	if testing.Short() {
		rounds = 400
	}
	seed := rand.Uint64()
	for round := range rounds {
		synctest.Test(t, func(t *testing.T) {
			s := &faultStorm{r: rand.New(rand.NewPCG(seed, uint64(round)))}
			exits := s.intN(4) == 0
			_, err := task.Run(t.Context(), func(ctx context.Context) (int, error) { return 0, s.call(ctx) },
				task.Unobserved(func(_ task.Info, err error) {
					if s.hear(err); exits {
						runtime.Goexit()
					}
				}))
			s.hear(err)
			for fault, times := range s.heard {
				assert.Equal(t, 1, times, "seed %d, round %d: fault %d:\n%s", seed, round, fault, strings.Join(s.text, "\n"))
			}
		})
		if t.Failed() {
			return
		}
	}
}
