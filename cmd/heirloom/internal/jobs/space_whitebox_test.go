//go:build unix

package jobs

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A full disk is waited for, which is said once, and only as long as the run goes on.
func TestWhatIsWrittenWaitsForSpace(t *testing.T) {
	full := &os.PathError{Op: "write", Path: "x", Err: unix.ENOSPC}
	synctest.Test(t, func(t *testing.T) {
		var said []string
		r := new(run)
		r.speech.say = func(text string) { said = append(said, text) }
		begun, tries := time.Now(), 0
		require.NoError(t, r.patiently(t.Context(), "results", func() error {
			if tries++; tries < 4 {
				return full
			}
			return nil
		}))
		assert.Equal(t, 3*holdTime, time.Since(begun))
		assert.Equal(t, []string{"write x: no space left on device: waiting for space"}, said)

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, r.patiently(ctx, "results", func() error { return full }), unix.ENOSPC)
		require.ErrorIs(t, r.patiently(ctx, "results", func() error { return unix.EIO }), unix.EIO, "nobody can help")
	})
}
