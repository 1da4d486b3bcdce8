package demo_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/demo"
)

// TestMain fails when a scene leaves something running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func play(t *testing.T, name string) string {
	t.Helper()
	scene, ok := demo.Find(name)
	require.True(t, ok)
	var printed bytes.Buffer
	require.NoError(t, scene.Play(t.Context(), &printed))
	return printed.String()
}

// The tests of the command compare the output of scenes with Python's.

func TestScenesDoNotDependOnThoseBefore(t *testing.T) {
	for _, scene := range demo.Scenes() {
		if scene.Name == "echo" { // prints ports
			continue
		}
		assert.Equal(t, play(t, scene.Name), play(t, scene.Name), scene.Name)
	}
}

func TestScenesCanBeCancelled(t *testing.T) {
	for _, name := range []string{"gather", "requests", "logging"} { // the scenes that take time
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		scene, _ := demo.Find(name)
		assert.ErrorIs(t, scene.Play(ctx, new(bytes.Buffer)), context.Canceled, name)
	}
}

func TestFind(t *testing.T) {
	_, ok := demo.Find(demo.Default)
	assert.True(t, ok)
	_, ok = demo.Find("nope")
	assert.False(t, ok)
}

type broken struct{ error }

func (b broken) Write([]byte) (int, error) { return 0, b.error }

func TestFailureToPrintIsReturned(t *testing.T) {
	full := errors.New("full")
	scene, _ := demo.Find("gather")
	assert.ErrorIs(t, scene.Play(t.Context(), broken{full}), full)
}
