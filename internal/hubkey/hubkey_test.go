package hubkey_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/internal/hubkey"
)

func TestMakeToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "token")
	token, err := hubkey.MakeToken(path)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(token), 26)
	again, err := hubkey.MakeToken(path)
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
	require.ErrorIs(t, hubkey.WriteNew(path, []byte("other")), fs.ErrExist)
}

func TestReadToken(t *testing.T) {
	tests := []struct {
		reason, text string
		mode         fs.FileMode
		want, err    string
	}{
		{"a line", "abc\n", 0o600, "abc", ""},
		{"nothing", "", 0o600, "", "there is no token in it"},
		{"blank", " \n", 0o600, "", "there is no token in it"},
		{"two words, which is some other file", "a b", 0o600, "", "there is no token in it"},
		{"too long", string(make([]byte, 5<<10)), 0o600, "", "there is no token in it"},
		{"others may read it", "abc", 0o640, "", "others may read the token (mode 0640); chmod 600 it"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			if runtime.GOOS == "windows" && tt.mode != 0o600 {
				t.Skip("no such modes")
			}
			path := filepath.Join(t.TempDir(), "token")
			require.NoError(t, os.WriteFile(path, []byte(tt.text), 0o600))
			require.NoError(t, os.Chmod(path, tt.mode))
			got, err := hubkey.ReadToken(path)
			assert.Equal(t, tt.want, got)
			if tt.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, path+": "+tt.err)
			}
		})
	}
	_, err := hubkey.ReadToken(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}
