//go:build unix

package jobs

import (
	"context"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A narrow output has files for so many jobs at once.
type narrow struct {
	*whole
	room atomic.Int32
}

func (n *narrow) open(string, int) (sink, error) {
	if n.room.Add(-1) < 0 {
		n.room.Add(1)
		return nil, unix.EMFILE
	}
	return narrowSink{n}, nil
}

type narrowSink struct{ *narrow }

func (s narrowSink) files() (stdout, stderr *os.File) { return nil, nil }

func (s narrowSink) end(*Result) error {
	s.room.Add(1)
	return nil
}

// runNarrow runs three jobs of a second each, and returns how long that took.
func runNarrow(t *testing.T, room int32) (sum *Summary, took time.Duration, said []string, err error) {
	output := &narrow{whole: Whole(io.Discard, io.Discard, false).(*whole)}
	output.room.Store(room)
	o := Options{
		Output: output,
		Elsewhere: func(ctx context.Context, _ *Attempt, _ func(int, Stdio, []byte)) (*End, int, error) {
			time.Sleep(time.Second)
			return &End{State: OK}, 1, nil
		},
		Total: 3,
		Say:   func(text string) { said = append(said, text) },
	}
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		sum, err = RunStream(t.Context(), Commands([]string{"a", "b", "c"}), o)
		took = time.Since(begun)
	})
	return sum, took, said, err
}

func TestARunWaitsForAJobThatReleasesDescriptors(t *testing.T) {
	sum, took, said, err := runNarrow(t, 1)
	require.NoError(t, err)
	assert.Equal(t, Counts{OK: 3}, sum.Counts)
	assert.Equal(t, 3*time.Second, took, "and no longer than that")
	assert.Equal(t, []string{"too many open files: waiting with the next job"}, said)
}

func TestARunEndsIfNoJobCouldReleaseDescriptors(t *testing.T) {
	sum, took, said, err := runNarrow(t, 0)
	require.EqualError(t, err, "no job can be started: too many open files")
	assert.Equal(t, Counts{NotRun: 3}, sum.Counts)
	assert.Equal(t, maxRefusals*holdTime, took)
	assert.Empty(t, said, "it waits for nothing")
}
