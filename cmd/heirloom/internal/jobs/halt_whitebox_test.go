package jobs

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What has succeeded in an earlier run counts.
func TestHaltCountsWhatIsResumed(t *testing.T) {
	c := Counts{OK: 1, Resumed: 1, Failed: 1, TimedOut: 1}
	for kind, n := range map[Kind]int{Failures: 2, Successes: 2, Ends: 4} {
		assert.True(t, Halt{On: kind, Count: n}.reached(c, 9))
		assert.False(t, Halt{On: kind, Count: n + 1}.reached(c, 9))
		assert.True(t, Halt{On: kind, Percent: float64(10 * n)}.reached(c, 10))
		assert.False(t, Halt{On: kind, Percent: float64(10*n + 1)}.reached(c, 10))
	}
}
