package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMakeToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "token")
	token, err := makeToken(path)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(token), 26)
	again, err := makeToken(path)
	require.NoError(t, err)
	assert.Equal(t, token, again, "it stays")
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing else is left")
	require.ErrorIs(t, writeNew(path, []byte("other")), fs.ErrExist)
}
