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
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/ctxvar"
	"github.com/heirloom-go/heirloom/task"
)

// TestStress grows random trees of 10,000 tasks, or of 100,000, that return, fail, panic, exit,
// cancel one another and wait for one another. It checks for each task that it ended in exactly
// one state, that its error fits that state, that only the task itself ever changed its
// variables, and that its scope outlived it.
func TestStress(t *testing.T) {
	total := 10_000
	if slow {
		total = 100_000
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	const each = 500 // tasks a tree
	finished := new(sync.Map)
	stop := task.OnFinished(func(f task.Finished) {
		if n, again := finished.LoadOrStore(f.ID, f.State); again {
			t.Errorf("task %d ended as %v and as %v", f.ID, n, f.State)
		}
	})
	defer stop()

	before := runtime.NumGoroutine()
	var s stress
	var wg sync.WaitGroup
	trees := make(chan uint64)
	for range 8 {
		wg.Go(func() {
			for n := range trees {
				s.tree(t, rand.New(rand.NewPCG(seed, n)), each)
			}
		})
	}
	for n := range uint64(total / each) {
		trees <- n
	}
	close(trees)
	wg.Wait()

	assert.Zero(t, s.live.Load())
	assert.GreaterOrEqual(t, int(s.started.Load()), total)
	var states [16]int
	s.handles.Range(func(_, h any) bool {
		child := h.(task.Handle)
		state, err := child.State(), child.Err()
		states[state]++
		var pe *task.PanicError
		var ce *task.CanceledError
		ok := false
		switch state {
		case task.Succeeded:
			ok = err == nil
		case task.Failed:
			ok = err != nil
		case task.Canceled:
			ok = errors.As(err, &ce) && ce.Task == child.Name()
		case task.Panicked:
			ok = errors.As(err, &pe)
		case task.Goexited:
			ok = errors.Is(err, task.ErrGoexit)
		}
		assert.True(t, ok, "task %s is %v with error %v", child.Name(), state, err)
		assert.False(t, child.Cancel(errBoom))
		if told, ran := finished.Load(child.ID()); ran {
			assert.Equal(t, state, told)
		} else {
			assert.True(t, errors.Is(err, task.ErrEnded) || errors.Is(err, task.ErrCanceling), "task %s never ran, and has error %v", child.Name(), err)
		}
		return true
	})
	t.Logf("%d tasks: %d succeeded, %d failed, %d canceled, %d panicked, %d exited", s.started.Load(),
		states[task.Succeeded], states[task.Failed], states[task.Canceled], states[task.Panicked], states[task.Goexited])
	for state := task.Succeeded; state <= task.Goexited; state++ {
		assert.NotZero(t, states[state], "no task ended as %v, so that is not tested", state)
	}
	for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before, "a goroutine stayed")
	for h := range task.All() {
		_, ours := s.handles.Load(h.ID())
		require.False(t, ours, "task %s stayed in the tree", h.Name())
	}
}

var (
	stressOwn  = ctxvar.New[uint64]("own") // each task sets it to a number of its own
	stressPath = ctxvar.New[int]("path")   // each task adds one to its parent's
	errStress  = errors.New("random failure")
)

type stress struct {
	started, live atomic.Int64
	handles       sync.Map // by ID
	own           atomic.Uint64
}

// tree runs one tree of about n tasks, all under one Run.
func (s *stress) tree(t *testing.T, r *rand.Rand, n int) {
	left := new(atomic.Int64)
	left.Store(int64(n))
	var mine atomic.Int64
	stressPath.Set(0)
	_, _ = task.Run(context.Background(), func(ctx context.Context) (int, error) {
		for left.Load() > 0 {
			s.grow(t, ctx, r.Uint64(), left, &mine, 0)
			if r.IntN(4) == 0 {
				runtime.Gosched()
			}
		}
		return 0, nil
	}, task.Unobserved(func(task.Info, error) {}))
	assert.Zero(t, mine.Load(), "a task outlived its Run")
	if path, _ := stressPath.Lookup(); path != 0 {
		t.Errorf("a task changed its caller's variable to %d", path)
	}
}

// grow starts a random task.
func (s *stress) grow(t *testing.T, ctx context.Context, seed uint64, left, mine *atomic.Int64, depth int) task.Handle {
	left.Add(-1)
	s.started.Add(1)
	path := stressPath.Get()
	r := rand.New(rand.NewPCG(seed, 1))
	var opts []task.Option
	if r.IntN(20) == 0 {
		opts = append(opts, task.Timeout(time.Duration(r.IntN(200))*time.Microsecond))
	}
	if r.IntN(20) == 0 {
		opts = append(opts, task.Shielded())
	}
	watched := r.IntN(10) == 0
	child := task.Go(ctx, func(ctx context.Context) (int, error) {
		s.live.Add(1)
		mine.Add(1)
		defer s.live.Add(-1)
		defer mine.Add(-1)
		own := s.own.Add(1)
		stressOwn.Set(own)
		stressPath.Set(path + 1)
		check := func(when string) {
			if got := stressOwn.Get(); got != own {
				t.Errorf("%s: variable of task %d has the value of task %d", when, own, got)
			}
			if got := stressPath.Get(); got != path+1 {
				t.Errorf("%s: a task %d deep is at %d", when, path+1, got)
			}
		}
		defer check("at the end")
		if r.IntN(4) == 0 {
			task.Fork(ctx)
		}
		var children []task.Handle
		if depth < 12 && left.Load() > 0 {
			for range r.IntN(5) {
				children = append(children, s.grow(t, ctx, r.Uint64(), left, mine, depth+1))
			}
		}
		check("after starting")
		if r.IntN(3) == 0 {
			var inside atomic.Int64
			err := task.Group(ctx, func(ctx context.Context) error {
				if r.IntN(4) == 0 {
					task.Fork(ctx)
				}
				for range r.IntN(4) {
					children = append(children, s.grow(t, ctx, r.Uint64(), left, &inside, depth+1))
				}
				if r.IntN(5) == 0 {
					return errStress
				}
				return nil
			}, task.FailFast(r.IntN(2) == 0))
			if n := inside.Load(); n != 0 {
				t.Errorf("%d tasks outlived their Group", n)
			}
			if err != nil && r.IntN(2) == 0 {
				return 0, err
			}
		}
		for _, c := range children {
			switch r.IntN(6) {
			case 0:
				c.Cancel(errStress)
			case 1:
				_, _, _ = task.Wait(ctx, task.AllCompleted, c)
			case 2:
				limited, stop := context.WithTimeout(ctx, time.Duration(r.IntN(100))*time.Microsecond)
				_, _, _ = task.Wait(limited, task.FirstError, children...)
				stop()
			case 3:
				for _, err := range task.AsCompleted(ctx, children...) {
					if err != nil {
						break
					}
				}
			}
		}
		check("after waiting")
		switch r.IntN(10) {
		case 0:
			panic(errStress)
		case 1:
			runtime.Goexit()
		case 2:
			return 0, errStress
		case 3:
			task.Current().Cancel(errStress)
			return 0, ctx.Err()
		case 4:
			return 0, task.Sleep(ctx, time.Duration(r.IntN(100))*time.Microsecond)
		case 5:
			<-ctx.Done() // until it is cancelled, by its Run at the latest
			return 0, context.Cause(ctx)
		case 6:
			go func() { stressOwn.Set(0); stressPath.Set(-1) }()
		}
		return 1, ctx.Err()
	}, opts...)
	s.handles.Store(child.ID(), task.Handle(child))
	if watched {
		child.OnDone(func(child *task.Task[int]) {
			if path, _ := stressPath.Lookup(); child.State() != task.Failed && path == 0 {
				t.Error("a callback does not have the variables of its task")
			}
		})
	}
	return child
}

// TestManyWait has many tasks wait for one after the other, each with the same
// memory, and checks that each is woken.
func TestManyWait(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	err := task.Group(t.Context(), func(ctx context.Context) error {
		var shared atomic.Pointer[task.Task[int]]
		next := func() *task.Task[int] {
			return task.Go(ctx, func(ctx context.Context) (int, error) { return 1, task.Sleep(ctx, 50*time.Microsecond) })
		}
		shared.Store(next())
		for n := range 16 {
			task.Go(ctx, func(ctx context.Context) (int, error) {
				for i := range rounds {
					one := shared.Load()
					impatient, stop := ctx, context.CancelFunc(func() {})
					if (i+n)%2 == 0 {
						impatient, stop = context.WithTimeout(ctx, time.Duration(i%50)*time.Microsecond)
					}
					_, err := one.Await(impatient)
					stop()
					if err != nil && impatient == ctx {
						return 0, err
					}
					if one.State().Final() {
						shared.CompareAndSwap(one, next())
					}
				}
				return 0, nil
			})
		}
		return nil
	})
	require.NoError(t, err)
}
