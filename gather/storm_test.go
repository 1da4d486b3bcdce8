package gather_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
	"github.com/heirloom-go/heirloom/internal/unheard"
	"github.com/heirloom-go/heirloom/task"
)

// The storm makes calls of Map and Stream at random: with jobs that succeed, fail,
// panic, call Goexit, clean up badly or make calls of their own, under callers that
// cancel or break out. Of each call it keeps a record, and holds it against what the
// package promises. The fake clock of a bubble makes many jobs end at the same
// instant, and the bubble fails if a goroutine is left.

// A job of the storm, and what became of it.
type stormJob struct {
	takes time.Duration
	deaf  bool // does not heed its context
	kind  int

	calls int
	how   ended
}

// ended is how a job did.
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
	text   string // what it is, for who has to find out why
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

// A witness holds a context to what it said first.
type witness struct {
	ctx        context.Context
	err, cause error
}

func (w *witness) look(t *testing.T, text string) {
	err := w.ctx.Err()
	cause := context.Cause(w.ctx)
	if err == nil && cause != nil {
		// It has ended just now. Cause asks for the cause and, if there is none, for
		// the error, so it may have asked for one before and for the other after.
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
	c.ctx = context.WithValue(base, unheard.Key{}, func(err error) {
		var job *gather.JobError
		if assert.ErrorAs(t, err, &job, text) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.reported = append(c.reported, job.Index)
		}
	})
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
	cancel(errCrash) // too late for what has ended
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

// of returns the indexes of the jobs that ended in one of the ways.
func (c *stormCall) of(ways ...ended) []int {
	var is []int
	for i, j := range c.jobs {
		if slices.Contains(ways, j.how) {
			is = append(is, i)
		}
	}
	return is
}

// check holds the record against what every call promises.
func (c *stormCall) check() {
	assert.Zero(c.t, c.running, "%s: outlived the call", c.text)
	for i, j := range c.jobs {
		assert.LessOrEqual(c.t, j.calls, 1, "%s: job %d", c.text, i)
	}
	for n, counts := range c.progress {
		assert.Equal(c.t, n+1, counts.Done, c.text)
	}
}

// unreturned checks that just the panics that were not returned were reported.
func (c *stormCall) unreturned(returned []int) {
	lost := slices.DeleteFunc(c.of(panicked), func(i int) bool { return slices.Contains(returned, i) })
	assert.ElementsMatch(c.t, lost, c.reported, "%s: reported; returned were %v", c.text, returned)
}

func (c *stormCall) mapped() {
	c.text += ", Map"
	got, err := gather.Map(c.ctx, upTo(len(c.jobs)), c.run, c.opts...)
	c.check()
	var returned []int
	var many gather.Errors
	var one *gather.JobError
	switch {
	case errors.As(err, &many):
		for _, e := range many {
			returned = append(returned, e.Index)
		}
	case errors.As(err, &one):
		returned = []int{one.Index}
	}
	real, quit, none := c.of(failed, panicked), c.of(gaveUp), c.of(never)
	borne := len(c.jobs) + 1
	switch {
	case c.policy == gather.FailFast:
		borne = 1
		assert.Equal(c.t, err != nil, got == nil, c.text)
	case c.policy > 0:
		borne = int(c.policy)
	}
	switch {
	case len(real) >= borne:
		require.Len(c.t, returned, borne, c.text)
		assert.Subset(c.t, real, returned, c.text)
	case c.policy != gather.FailFast:
		assert.ElementsMatch(c.t, append(real, quit...), returned, c.text)
	case len(quit) > 0:
		require.Len(c.t, returned, 1, c.text)
		assert.Subset(c.t, quit, returned, c.text)
	default:
		assert.Empty(c.t, returned, c.text)
	}
	c.unreturned(returned)
	if err != nil && strings.Contains(err.Error(), fmt.Sprintf("not started: %d of %d jobs", len(none), len(c.jobs))) {
		assert.ErrorIs(c.t, err, gather.ErrNotStarted, c.text)
		assert.NotEmpty(c.t, none, c.text)
		assert.ErrorIs(c.t, err, errQuit, c.text)
	} else if c.ctx.Err() != nil && len(none) > 0 {
		assert.GreaterOrEqual(c.t, len(real), borne, "%s: %v never ran, and nobody says so", c.text, none)
	}
	if got != nil {
		for i, j := range c.jobs {
			want := 0
			if j.how == succeeded {
				want = 10 * i
			}
			assert.Equal(c.t, want, got[i], "%s: job %d", c.text, i)
		}
	}
}

func (c *stormCall) streamed(r *rand.Rand) {
	breakAt := -1
	if r.IntN(3) == 0 {
		breakAt = r.IntN(10)
	}
	c.text += fmt.Sprintf(", Stream, break at %d", breakAt)
	taken := 0
	in := func(yield func(int) bool) {
		for i := range c.jobs {
			taken++
			if !yield(i) {
				return
			}
		}
	}
	var values, failures, refused []int
	real, whole := 0, true
	last := false // the error that says that the stream is not complete
	loops := 0
	for v, err := range gather.Stream(c.ctx, in, c.run, c.opts...) {
		assert.False(c.t, last, "%s: nothing comes after it", c.text)
		var job *gather.JobError
		switch {
		case err == nil:
			values = append(values, v/10)
		case !errors.As(err, &job):
			last = true
			assert.ErrorIs(c.t, err, gather.ErrNotStarted, c.text)
		case c.jobs[job.Index].calls == 0:
			refused = append(refused, job.Index)
			assert.ErrorIs(c.t, err, gather.ErrNotStarted, c.text)
		default:
			failures = append(failures, job.Index)
			if how := c.jobs[job.Index].how; how != gaveUp {
				real++
			}
		}
		if loops == breakAt {
			whole = false
			break
		}
		loops++
	}
	c.check()
	c.unreturned(failures)
	if c.policy == gather.FailFast && real >= 1 || c.policy > 0 && real >= int(c.policy) {
		whole = false
		want := int(c.policy)
		if c.policy == gather.FailFast {
			want = 1
		}
		assert.Equal(c.t, want, real, "%s: no more failures than it bears", c.text)
	}
	if !whole {
		return
	}
	assert.ElementsMatch(c.t, c.of(succeeded), values, c.text)
	assert.ElementsMatch(c.t, c.of(failed, panicked, gaveUp), failures, c.text)
	assert.Len(c.t, refused, taken-len(values)-len(failures), "%s: every item that was taken came back", c.text)
	if taken < len(c.jobs) {
		assert.True(c.t, last, c.text)
	}
	if len(c.progress) > 0 {
		assert.Equal(c.t, taken, len(c.progress), c.text)
	}
}
