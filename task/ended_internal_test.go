package task

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A task is in no count once it can be seen to have ended.
func TestEndedTaskIsNotCounted(t *testing.T) {
	before, _ := census()
	var m Members
	release := make(chan struct{})
	h := Start(t.Context(), func(context.Context) error { <-release; return nil }, MemberOf(&m))
	counted, _ := census()
	assert.Equal(t, before+1, counted)
	m.mu.Lock() // which holds it up on its way out
	close(release)
	for !h.is(isFinal) {
		runtime.Gosched()
	}
	counted, _ = census()
	m.mu.Unlock()
	assert.Equal(t, before, counted)
	require.NoError(t, h.Err())
}

// A node is done before its parent can see it go: a Group that has ended has only tasks
// that are done.
func TestSettledNodeIsDone(t *testing.T) {
	n := &node{id: 1}
	done := n.ended()
	n.mu.Lock()
	n.settleLocked(Succeeded, isGone)
	select {
	case <-done:
	default:
		assert.Fail(t, "it is not done")
	}
	n.mu.Unlock()
}
