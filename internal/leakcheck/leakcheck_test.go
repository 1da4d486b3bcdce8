package leakcheck_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func linger(ch chan struct{}) {
	ch <- struct{}{}
	<-ch
}

// lingering returns how many goroutines that run linger are found. There are others,
// such as the runner of the tests, which waits for this one.
func lingering() int {
	n := 0
	for _, stack := range leakcheck.Stray(0) {
		if strings.Contains(stack, "leakcheck_test.linger") {
			n++
		}
	}
	return n
}

func TestStray(t *testing.T) {
	ch := make(chan struct{})
	go linger(ch)
	<-ch
	assert.Equal(t, 1, lingering())

	close(ch)
	assert.Eventually(t, func() bool { return lingering() == 0 }, time.Minute, time.Millisecond)
}
