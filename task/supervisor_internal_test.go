package task

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A goroutine that looked at an error just before the Group ended may record that just
// after it. By then the Group has decided what it returns.
func TestSupervisorThatHasEndedForgetsNothing(t *testing.T) {
	g := &group{tolerant: true}
	mine := errors.New("mine")
	var due []*report
	for range 20 {
		r := &report{group: g, err: mine}
		due = append(due, r)
		g.record(failure{name: "child", err: mine, due: r, at: time.Now().Add(time.Hour)})
	}
	failures, omitted := g.keep()
	for _, r := range due {
		require.True(t, r.settled.Load())
		g.forget(r)
	}
	require.Len(t, failures, len(due))
	for _, f := range failures {
		assert.Equal(t, mine, f.err)
	}
	assert.Zero(t, omitted)
	assert.Empty(t, g.failures, "a handle of a child keeps no sibling's error")
}
