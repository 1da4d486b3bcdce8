package gls_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/gls"
)

func TestWorkIsOver(t *testing.T) {
	var outside, work, held gls.Env
	assert.False(t, outside.WorkIsOver(), "nothing was ever set")
	outside.Run(func() { setValue(1, "outside") })
	assert.False(t, outside.WorkIsOver(), "it belongs to no work")
	work.RunWork(func() {
		setValue(1, "a request")
		held.HoldHere()
		assert.False(t, held.WorkIsOver())
	})
	assert.True(t, held.WorkIsOver())
	assert.False(t, outside.WorkIsOver())
}
