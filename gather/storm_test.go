package gather_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/task"
)

// The storm makes calls of Map and Stream at random, with jobs that succeed, fail,
// panic, call Goexit, fail to clean up, or make calls of their own, and with callers
// that cancel or break out. It keeps a record of each call, and compares it with what
// the package promises. The fake clock of a bubble makes many jobs end at the same
// instant, and the bubble fails if a goroutine is left.

// A job of the storm, and what happened to it.
type stormJob struct {
	takes time.Duration
	deaf  bool // ignores its context
	kind  int

	calls int
	how   ended
}

// ended is the way in which a job ended.
type ended int

const (
	never     ended = iota
	succeeded       // with its value
	failed          // with an error of its own
	panicked        // or with a panic
	gaveUp          // with nothing but its context's error, or its cause
)

// A stormCall is one call, and the record of it.
type stormCall struct {
	t      *testing.T
	text   string // describes the call, to find a fault by
	ctx    context.Context
	policy gather.Policy
	jobs   []*stormJob
	opts   []gather.Option

	mu       sync.Mutex
	running  int
	contexts []*witness
	reported []int // indexes of jobs
	progress []gather.Counts
}

// A witness checks that a context never changes its first answer.
type witness struct {
	ctx        context.Context
	err, cause error
}

func (w *witness) look(t *testing.T, text string) {
	err := w.ctx.Err()
	cause := context.Cause(w.ctx)
	if err == nil && cause != nil {
		// It has ended just now. Cause asks for the cause and, if there is none, for the
		// error, so the end may lie between the two.
		err, cause = w.ctx.Err(), context.Cause(w.ctx)
	}
	if w.err != nil {
		assert.Equal(t, w.err, err, "%s: Err changed", text)
		assert.Equal(t, w.cause, cause, "%s: Cause changed", text)
	}
	assert.Equal(t, err == nil, cause == nil, "%s: Err is %v, Cause %v", text, err, cause)
	w.err, w.cause = err, cause
}

func TestStorm(t *testing.T) {
	rounds := 1500
	if testing.Short() {
		rounds = 300
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for round := range rounds {
		r := rand.New(rand.NewPCG(seed, uint64(round)))
		synctest.Test(t, func(t *testing.T) { storm(t, r, fmt.Sprintf("seed %d, round %d", seed, round)) })
		if t.Failed() {
			return
		}
	}
}

func storm(t *testing.T, r *rand.Rand, text string) {
	defer jobVar.Set("caller").Reset()
	base, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	c := &stormCall{t: t, text: text, policy: []gather.Policy{gather.FailFast, gather.CollectAll, gather.StopAfter(1 + r.IntN(4))}[r.IntN(3)]}
	err := task.Group(base, func(ctx context.Context) error { c.ctx = ctx; c.storm(r, cancel); return nil },
		task.Unobserved(func(_ task.Info, err error) {
			var job *gather.JobError
			if assert.ErrorAs(t, err, &job, text) {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.reported = append(c.reported, job.Index)
			}
		}))
	assert.Error(t, err, "%s: it was cancelled, in the end at least", c.text)
}

// storm makes a call in c.ctx, which cancel cancels.
func (c *stormCall) storm(r *rand.Rand, cancel context.CancelCauseFunc) {
	t, text := c.t, c.text
	for range r.IntN(25) {
		c.jobs = append(c.jobs, &stormJob{takes: time.Duration(r.IntN(4)) * time.Second, deaf: r.IntN(3) == 0, kind: r.IntN(16)})
	}
	c.options(r)
	if r.IntN(2) == 0 {
		time.AfterFunc(time.Duration(r.IntN(6))*time.Second, func() { cancel(errQuit) })
	}
	if r.IntN(2) == 0 {
		c.mapped()
	} else {
		c.streamed(r)
	}
	assert.Equal(t, "caller", jobVar.Get(), text)
	for _, w := range c.contexts {
		assert.Error(t, w.ctx.Err(), "%s: it is over", text)
		w.look(t, text)
	}
	cancel(errCrash) // too late for jobs that have ended
	for _, w := range c.contexts {
		w.look(t, text)
	}
}

func (c *stormCall) options(r *rand.Rand) {
	c.text += fmt.Sprintf(", policy %d", c.policy)
	add := func(name string, o gather.Option) {
		if r.IntN(3) == 0 {
			c.text += ", " + name
			c.opts = append(c.opts, o)
		}
	}
	add("limit", gather.Limit(1+r.IntN(4)))
	add("ordered", gather.Ordered())
	add("buffer", gather.Buffer(r.IntN(5)))
	add("weight", gather.Weight(5, func(i int) int64 { return int64(i%4) + 1 }))
	add("rate", gather.Rate(limiter(func(ctx context.Context) error { return task.Sleep(ctx, time.Second/2) })))
	add("name", gather.Name(func(i int) string { return fmt.Sprint("item ", i) }))
	add("progress", gather.Progress(func(n gather.Counts) { c.progress = append(c.progress, n) }))
	c.opts = append(c.opts, gather.OnError(c.policy))
}

// run is the function of the jobs.
func (c *stormCall) run(ctx context.Context, i int) (v int, err error) {
	j, w := c.jobs[i], &witness{ctx: ctx}
	how := failed
	c.mu.Lock()
	j.calls++
	c.running++
	c.contexts = append(c.contexts, w)
	c.mu.Unlock()
	assert.Equal(c.t, "caller", jobVar.Get(), c.text)
	jobVar.Set("job")
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		w.look(c.t, c.text)
		j.how = how
		c.running--
	}()
	w.look(c.t, c.text)
	if j.deaf {
		time.Sleep(j.takes)
	} else if slept := task.Sleep(ctx, j.takes); slept != nil {
		w.look(c.t, c.text)
		switch j.kind {
		case 0: // what goes wrong while cleaning up
			time.Sleep(time.Second)
			return 0, errors.Join(slept, errBoom)
		case 1:
			how = gaveUp
			return 0, context.Cause(ctx)
		default:
			how = gaveUp
			return 0, fmt.Errorf("job %d: %w", i, ctx.Err())
		}
	}
	switch j.kind {
	case 2, 3, 4:
		return 0, errBoom
	case 5:
		how = panicked
		panic(errBoom)
	case 6:
		runtime.Goexit()
	case 7, 8: // a call of its own
		if err := gather.Each(ctx, upTo(99), func(ctx context.Context, _ int) error {
			return task.Sleep(ctx, time.Second)
		}, gather.Limit(2)); err != nil {
			how = gaveUp
			return 0, err
		}
	}
	how = succeeded
	return 10 * i, nil
}
