package jobs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Another file that has the log's name by now is neither cut off nor made longer.
func TestTruncateTheFileAndNotItsName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	moved := path + ".1"
	log, err := CreateLog(path)
	require.NoError(t, err)
	defer log.Close()
	_, err = log.Run()
	require.NoError(t, err)
	if err := os.Rename(path, moved); err != nil {
		t.Skip(err) // it is open
	}
	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	if err := dropTail(log.f, 3); err == nil {
		text, err := os.ReadFile(moved)
		require.NoError(t, err)
		assert.Len(t, text, len(`{"run":"`)+26+len("\"}\n")-3)
	}
	require.NoError(t, log.mend(nil))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "precious", string(text))
	again, err := os.Open(path)
	require.NoError(t, err)
	defer again.Close()
	require.ErrorContains(t, sameFile(log.f, again), "another file has taken its place")
}
