package task

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of the tasks of a Group with a limit, only one that is in the queue, or wants its place
// back, waits for a place.
func TestWaitForAPlaceLasts(t *testing.T) {
	p := newPlaces(1)
	in := &scope{places: p}
	in.node.Store(&node{})
	holder, queued := &node{home: in}, &node{home: in}
	_, placed, _ := p.enter(holder)
	require.True(t, placed)
	_, placed, _ = p.enter(queued)
	require.False(t, placed)
	assert.True(t, p.lasts(queued))
	assert.False(t, p.lasts(holder))
	assert.False(t, p.lasts(&node{home: in}), "one that has left")
}

// A task that has ended one wait for a list, and begun another one, is not in the first.
func TestWaitForAListIsOver(t *testing.T) {
	n := &node{id: 1}
	done := make(chan struct{})
	wt := n.wait()
	wt.until.open, wt.done = true, done
	s := newSearch()
	m := new(Members)
	assert.True(t, s.hasAll(n, &target{by: m, done: done}))
	assert.False(t, s.hasAll(n, &target{by: m, done: make(chan struct{})}))
}
