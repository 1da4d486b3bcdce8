package hubkey_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/heirloom-go/heirloom/task/remote/remotenats/hubkey"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

func TestPath(t *testing.T) {
	dir, err := os.UserConfigDir()
	require.NoError(t, err)
	path, err := hubkey.Path(hubkey.Token)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "heirloom", "hub.token"), path)
}
