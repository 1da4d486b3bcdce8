package task_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/task"
)

// TestStorm grows random trees of Groups, shields, limits of time and number, derived
// ctxs and callbacks, and compares them with a model. Each failure is returned, looked
// at or reported, and reported once; callbacks are called once; a ctx never changes
// what it says about its end; nothing outlives its scope; and no task gets a deadlock
// error, because no task waits for an older one.
func TestStorm(t *testing.T) {
	rounds := 150
	if testing.Short() || underRace {
		rounds = 30
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for round := range rounds {
				newStorm(t, rand.New(rand.NewPCG(seed, uint64(worker*rounds+round)))).run()
			}
		})
	}
	stop := make(chan none)
	looked := make(chan none)
	go func() {
		defer close(looked)
		for {
			select {
			case <-stop:
				return
			default:
				seen := map[uint64]bool{}
				for _, info := range task.Snapshot(task.TreeMax(500)).Tasks {
					assert.False(t, seen[info.ID], "twice in a picture")
					seen[info.ID] = true
				}
				runtime.Gosched()
			}
		}
	}()
	wg.Wait()
	close(stop)
	<-looked
}

// A stormError is the failure of one task, and of no other.
type stormError struct {
	reported, returned, looked atomic.Int32
	failed                     atomic.Bool
}

func (*stormError) Error() string { return "storm" }

type storm struct {
	t    *testing.T
	mu   sync.Mutex
	r    *rand.Rand
	left int
	errs []*stormError

	live, called, taken, hung atomic.Int32
}

func newStorm(t *testing.T, r *rand.Rand) *storm { return &storm{t: t, r: r, left: 60} }

func (s *storm) dice(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.IntN(n)
}

// more reports whether the tree should grow further.
func (s *storm) more() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left--
	return s.left > 0
}

func (s *storm) run() {
	_, err := task.Run(s.t.Context(), func(ctx context.Context) (none, error) {
		for s.more() {
			s.start(ctx, 0)
		}
		return none{}, nil
	}, task.Unobserved(func(_ task.Info, err error) { count(err, func(e *stormError) { e.reported.Add(1) }) }))
	assert.NoError(s.t, err)
	assert.Zero(s.t, s.live.Load(), "a task outlived its Run")
	assert.Equal(s.t, s.hung.Load(), s.called.Load()+s.taken.Load(), "each callback is called once or taken back")
	for _, e := range s.errs {
		if !e.failed.Load() {
			continue
		}
		reported, returned, looked := e.reported.Load(), e.returned.Load(), e.looked.Load()
		if reported > 1 || returned > 1 || reported+returned+looked == 0 || reported+returned > 1 {
			s.t.Errorf("a failure was reported %d times, returned %d times and looked at %d times", reported, returned, looked)
		}
	}
}

// count calls f for each stormError in err, except for errors that are only the cause
// of a cancellation.
func count(err error, f func(*stormError)) {
	switch e := err.(type) {
	case *task.CanceledError, *task.AbortError:
	case *stormError:
		f(e)
	case interface{ Unwrap() error }:
		count(e.Unwrap(), f)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			count(err, f)
		}
	}
}

// start starts a random task.
func (s *storm) start(ctx context.Context, depth int, opts ...task.Option) *task.Task[int] {
	own := new(stormError)
	s.mu.Lock()
	s.errs = append(s.errs, own)
	s.mu.Unlock()
	switch s.dice(12) {
	case 0:
		opts = append(opts, task.Shielded())
	case 1:
		opts = append(opts, task.Timeout(time.Duration(s.dice(300))*time.Microsecond))
	case 2:
		ctx = context.WithoutCancel(ctx)
	case 3:
		limited, stop := context.WithTimeout(ctx, time.Duration(s.dice(300))*time.Microsecond)
		context.AfterFunc(limited, stop)
		ctx = limited
	case 4:
		ctx = context.WithValue(ctx, limitKey{}, depth)
	}
	child := task.Go(ctx, func(ctx context.Context) (int, error) {
		s.live.Add(1)
		defer s.live.Add(-1)
		stable := s.watchCtx(ctx)
		defer stable()
		if s.dice(4) == 0 {
			task.Fork(ctx)
		}
		s.work(ctx, depth)
		stable()
		switch s.dice(8) {
		case 0:
			own.failed.Store(true)
			return 0, own
		case 1:
			own.failed.Store(true)
			panic(own)
		case 2:
			if ctx.Err() != nil {
				own.failed.Store(true)
				return 0, errors.Join(ctx.Err(), own)
			}
		case 3:
			runtime.Goexit()
		case 4:
			<-ctx.Done()
			return 0, context.Cause(ctx)
		case 5:
			return 0, task.Sleep(ctx, time.Duration(s.dice(200))*time.Microsecond)
		}
		return 1, ctx.Err()
	}, opts...)
	if s.dice(4) == 0 {
		s.hung.Add(1)
		stop := child.OnDone(func(*task.Task[int]) { s.called.Add(1) })
		if s.dice(2) == 0 && stop() {
			s.taken.Add(1)
		}
	}
	return child
}

// watchCtx returns a function that looks at ctx, and complains if it gives another
// answer than before.
func (s *storm) watchCtx(ctx context.Context) func() {
	var err, cause error
	return func() {
		if s.dice(3) == 0 {
			_ = ctx.Done()
		}
		nowErr := ctx.Err()
		nowCause := context.Cause(ctx)
		if err != nil && (nowErr != err || nowCause != cause) {
			s.t.Errorf("the ctx said %v, %v, and now %v, %v", err, cause, nowErr, nowCause)
		}
		if nowErr != nil {
			err, cause = nowErr, nowCause
		}
	}
}

// work starts tasks and waits for some.
func (s *storm) work(ctx context.Context, depth int) {
	if depth > 6 || !s.more() {
		return
	}
	var children []*task.Task[int]
	if s.dice(2) == 0 {
		var inside atomic.Int32
		opts := []task.Option{task.FailFast(s.dice(3) != 0)}
		var beside *task.Task[int]
		if s.dice(3) == 0 {
			opts = append(opts, task.Limit(1+s.dice(3)))
			beside = s.start(ctx, depth+1)
		}
		err := task.Group(ctx, func(ctx context.Context) error {
			for range s.dice(4) {
				task.Go(ctx, func(ctx context.Context) (int, error) {
					inside.Add(1)
					defer inside.Add(-1)
					s.work(ctx, depth+1)
					if beside != nil && s.dice(3) == 0 { // it keeps its place, and others may wait for queued ones
						s.wait(ctx, beside)
					}
					return 1, nil
				})
				s.wait(ctx, s.start(ctx, depth+1))
			}
			if s.dice(6) == 0 {
				task.CancelScope(ctx, errMine)
			}
			return nil
		}, opts...)
		if n := inside.Load(); n != 0 {
			s.t.Errorf("%d tasks outlived their Group", n)
		}
		count(err, func(e *stormError) { e.returned.Add(1) })
		assert.NotErrorIs(s.t, err, task.ErrDeadlock)
		return
	}
	if s.dice(3) == 0 {
		s.owe(ctx, depth)
		return
	}
	for range s.dice(4) {
		children = append(children, s.start(ctx, depth+1))
	}
	s.wait(ctx, children...)
}

// owe starts tasks and waits for a Promise that the first of them to end completes.
func (s *storm) owe(ctx context.Context, depth int) {
	var m task.Members
	done := make(chan none)
	promise, complete := task.Promise[int](ctx, task.CompletedBy(&m))
	for range 1 + s.dice(3) {
		s.start(ctx, depth+1, task.MemberOf(&m)).OnDone(func(*task.Task[int]) {
			if complete(1, nil) {
				close(done)
			}
		})
	}
	switch s.dice(3) {
	case 0:
		_, err := promise.Await(ctx)
		assert.NotErrorIs(s.t, err, task.ErrDeadlock)
	case 1:
		limited, stop := context.WithCancel(ctx)
		promise.OnDone(func(*task.Task[int]) { stop() }) // it may have been cancelled before
		assert.NotErrorIs(s.t, m.Until(limited, done), task.ErrDeadlock)
	}
}

// wait waits for the tasks in a random way.
func (s *storm) wait(ctx context.Context, tasks ...*task.Task[int]) {
	switch s.dice(5) {
	case 0:
		for _, c := range tasks {
			_, err := c.Await(ctx)
			s.saw(c, err)
		}
	case 1:
		_, _, err := task.Wait(ctx, task.When(s.dice(3)), tasks...)
		assert.NotErrorIs(s.t, err, task.ErrDeadlock)
	case 2:
		for c, err := range task.AsCompleted(ctx, tasks...) {
			s.saw(c, err)
			if s.dice(3) == 0 {
				break
			}
		}
	case 3:
		for _, c := range tasks {
			c.Cancel(errMine)
		}
	}
}

// saw records that err was seen. It may be c's, or that of the wait.
func (s *storm) saw(c *task.Task[int], err error) {
	assert.NotErrorIs(s.t, err, task.ErrDeadlock)
	if c.State().Final() {
		count(err, func(e *stormError) { e.looked.Add(1) })
	}
}
