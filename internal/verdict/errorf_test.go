package verdict_test

import (
	"errors"
	"io/fs"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/verdict"
)

// exits is an error whose text ends the goroutine that asks for it.
type exits struct{}

func (exits) Error() string { runtime.Goexit(); return "" }

func TestErrorf(t *testing.T) {
	single := verdict.Errorf("after %d: %w", 2, errDisk)
	assert.EqualError(t, single, "after 2: disk full")
	assert.Equal(t, errDisk, errors.Unwrap(single))

	var none *fs.PathError
	both := verdict.Errorf("%q: %w; %w", "job", errDisk, none)
	assert.EqualError(t, both, `"job": disk full; <nil>`)
	assert.Equal(t, []error{errDisk, none}, both.(interface{ Unwrap() []error }).Unwrap())

	assert.ErrorIs(t, verdict.Errorf("%w: %w", exits{}, errDisk), exits{}, "nobody has asked it for its text")
}
