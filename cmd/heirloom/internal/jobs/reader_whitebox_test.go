//go:build unix

package jobs

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What reads the output of the run may be slow, so that the last second of a job is over
// before its output has been read.
func TestNoOutputIsLostAfterTheLastSecond(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	const size = 60_000
	_, err = w.WriteString(strings.Repeat("x\n", size/2) + "end")
	require.NoError(t, err)
	require.NoError(t, r.SetReadDeadline(time.Unix(1, 0)))
	s := &pipes{to: new(piped)}
	var got bytes.Buffer
	write := func(b []byte) error { _, err := got.Write(b); return err }
	require.NoError(t, s.read(r, write), "a process that left the family has it open")
	assert.Equal(t, size+len("end"), got.Len())

	_, err = w.WriteString("more")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, s.read(r, write), "it has an end")
	assert.True(t, strings.HasSuffix(got.String(), "endmore"))

	_, err = readNow(r, make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

// A process that left the family may write for ever.
func TestThereIsAnEndOfReadingAfterTheLastSecond(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, r.SetReadDeadline(time.Unix(1, 0)))
	_, err = w.WriteString("12345")
	require.NoError(t, err)
	text, err := io.ReadAll(&lastReader{file: r, left: 3})
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.Equal(t, "123", string(text))
	require.NoError(t, w.Close())
}
