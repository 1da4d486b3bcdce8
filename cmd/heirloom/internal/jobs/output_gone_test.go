//go:build unix

package jobs_test

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

func TestTagLines(t *testing.T) {
	b := newBench(t)
	b.Limit = 1
	jobs.TagLines(b.Output, false)
	_, err := b.plan(t, t.Context(), `jobs = [{name = "a", command = "printf 'x\\ny'; echo z >&2"}, {name = "b", command = "true"}]`)
	require.NoError(t, err)
	assert.Equal(t, "[a] x\n[a] y\n", b.stdout.String())
	assert.Equal(t, "[a] z\n", b.stderr.String())
}

func TestTagLinesStopAtAnError(t *testing.T) {
	b := newBench(t)
	w := new(failingOnce)
	b.Output = jobs.Whole(w, w, false)
	jobs.TagLines(b.Output, false)
	_, err := b.stream(t, t.Context(), "yes | head -c 200000")
	require.ErrorIs(t, err, syscall.EIO)
	assert.Equal(t, 1, w.writes)
}

// A reader that goes away ends a run whose next piece may never come, but not if it
// was there for nothing.
func TestRunEndsWhenItsReaderHasGone(t *testing.T) {
	for _, test := range []struct {
		reason string
		first  string
		want   error
	}{
		{"it has read something", "echo x", syscall.EPIPE},
		{"there was nothing to read", "true", nil},
	} {
		t.Run(test.reason, func(t *testing.T) {
			b := newBench(t)
			b.Limit = 1
			r, w, err := os.Pipe()
			require.NoError(t, err)
			defer w.Close()
			b.Output = jobs.Whole(w, io.Discard, false)
			dir := t.TempDir()
			go func() {
				waitFor(t, filepath.Join(dir, "second"))
				r.Close()
				os.WriteFile(filepath.Join(dir, "gone"), nil, 0o600)
			}()
			last := "while [ ! -e " + dir + "/gone ]; do sleep 0.01; done"
			if test.want != nil {
				last = "sleep 600"
			}
			_, err = b.stream(t, t.Context(), test.first, "touch "+dir+"/second; "+last)
			require.ErrorIs(t, err, test.want)
		})
	}
}

// A job that fails because of its reader is the last one, and one that fails for a
// reason of its own is not.
func TestDirectEndsWhenItsReaderHasGone(t *testing.T) {
	for _, gone := range []bool{true, false} {
		b := newBench(t)
		b.Limit = 1
		r, w, err := os.Pipe()
		require.NoError(t, err)
		b.Output = jobs.Direct(w, os.Stderr)
		if gone {
			r.Close()
		}
		sum, err := b.stream(t, t.Context(), "true", "exit 3", "true")
		if gone {
			require.ErrorIs(t, err, syscall.EPIPE)
			assert.Equal(t, 1, sum.OK)
		} else {
			require.NoError(t, err)
			assert.Equal(t, 2, sum.OK)
			r.Close()
		}
		w.Close()
	}
}
