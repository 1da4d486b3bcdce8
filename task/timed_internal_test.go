package task

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Of those that a limit would have ended, the ones that have ended are forgotten now and
// then: the limit may last as long as the program.
func TestTimedForgetsWhatHasEnded(t *testing.T) {
	var limit timedWaits
	var live []*node
	for i := range 10_000 {
		n := new(node)
		if i%100 == 0 {
			live = append(live, n)
		}
		limit.add(n)
		if i%100 != 0 {
			n.raise(isFinal)
		}
	}
	assert.LessOrEqual(t, len(limit.nodes), 2*len(live)+1)
	again := limit.take()
	for _, n := range live {
		assert.Contains(t, again, n)
	}
	assert.Empty(t, limit.take())
}
