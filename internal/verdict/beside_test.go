package verdict_test

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/heirloom-go/heirloom/internal/verdict"
)

var errFault = errors.New("fault")

// A mute is an error that does not answer.
type mute struct {
	error
	do func()
}

func (m *mute) Is(error) bool { m.do(); return false }
func (m *mute) As(any) bool   { m.do(); return false }
func (m *mute) Unwrap() error { m.do(); return nil }

func TestBeside(t *testing.T) {
	for name, do := range map[string]func(){"panics": func() { panic("asked") }, "exits": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			err := &mute{errDisk, do}
			whole := verdict.Beside(errors.Join(errDisk, err), errFault)
			assert.ErrorIs(t, whole, errFault)
			assert.ErrorIs(t, whole, errDisk)
			assert.NotErrorIs(t, whole, context.Canceled)
			assert.ErrorIs(t, verdict.Beside(err, errFault), err, "it is found itself")
			var found *mute
			assert.ErrorAs(t, whole, &found)
			assert.Same(t, err, found)
			var path *fs.PathError
			assert.False(t, errors.As(whole, &path))
			assert.EqualError(t, verdict.Beside(err, errFault), "disk full; asking it what it is: fault")
		})
	}
}

func TestTextBesideANilPointer(t *testing.T) {
	var none *fs.PathError
	assert.EqualError(t, verdict.Beside(none, errFault), "<nil>; asking it what it is: fault")
}

func TestHas(t *testing.T) {
	isDisk := func(err error) bool { return err == errDisk }
	panics, exits := &mute{errFault, func() { panic("asked") }}, &mute{errFault, runtime.Goexit}
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errDisk, true},
		{errFault, false},
		{errors.Join(errFault, errDisk), true},
		{panics, false},
		{exits, false},
		{errors.Join(errDisk, panics), true},
		{errors.Join(errDisk, exits), true},
	} {
		assert.Equal(t, tt.want, verdict.Has(tt.err, isDisk), "%v", tt.err)
	}
}
