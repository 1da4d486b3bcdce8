package gather_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/gather"
)

// of returns the indexes of the jobs that ended in one of the given ways.
func (c *stormCall) of(ways ...ended) []int {
	var is []int
	for i, j := range c.jobs {
		if slices.Contains(ways, j.how) {
			is = append(is, i)
		}
	}
	return is
}

// check compares the record with what every call promises.
func (c *stormCall) check() {
	assert.Zero(c.t, c.running, "%s: outlived the call", c.text)
	for i, j := range c.jobs {
		assert.LessOrEqual(c.t, j.calls, 1, "%s: job %d", c.text, i)
	}
	for n, counts := range c.progress {
		assert.Equal(c.t, n+1, counts.Done, c.text)
	}
}

// unreturned checks that exactly those panics were reported that were not returned.
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
