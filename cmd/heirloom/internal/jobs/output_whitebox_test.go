package jobs

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAQueueIsFullWithSoManyThatHaveOutput(t *testing.T) {
	var stdout bytes.Buffer
	w := Ordered(&stdout, io.Discard, false).(*whole)
	var sinks []sink
	for i := range 3 {
		s, err := w.open("", i+1)
		require.NoError(t, err)
		sinks = append(sinks, s)
	}
	for _, i := range []int{0, 2} {
		f, _ := sinks[i].files()
		_, err := f.WriteString("x\n")
		require.NoError(t, err)
	}
	require.NoError(t, sinks[1].end(nil))
	assert.Equal(t, 0, w.queue.holding, "it has no output to hold")
	require.NoError(t, sinks[2].end(nil))
	assert.Equal(t, 1, w.queue.holding)
	assert.Empty(t, stdout.String())
	require.NoError(t, sinks[0].end(nil))
	assert.Equal(t, 0, w.queue.holding)
	assert.Equal(t, "x\nx\n", stdout.String())

	w.queue.holding = maxHolding - 1
	assert.False(t, w.full())
	w.queue.holding = maxHolding
	assert.True(t, w.full())
}

func TestSinksCloseTheirFiles(t *testing.T) {
	for name, output := range map[string]Output{
		"whole": Whole(io.Discard, io.Discard, false), "ordered": Ordered(io.Discard, io.Discard, false),
		"json": JSON(io.Discard), "lines": Prefixed(io.Discard, io.Discard, false),
	} {
		for _, res := range []*Result{nil, {State: OK}} {
			s, err := output.open("label", 1)
			require.NoError(t, err)
			stdout, stderr := s.files()
			require.NoError(t, s.end(res))
			for _, f := range []*os.File{stdout, stderr} {
				_, err := f.WriteString("x")
				assert.ErrorIs(t, err, os.ErrClosed, name)
			}
		}
	}
}
