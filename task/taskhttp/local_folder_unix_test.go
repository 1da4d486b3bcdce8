//go:build unix

package taskhttp

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// runtimeFolder gives this process a runtime folder of its own.
func runtimeFolder(t *testing.T) string {
	dir := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	return filepath.Join(dir, "heirloom")
}

func TestListenAndDial(t *testing.T) {
	dir := runtimeFolder(t)
	me := os.Getpid()
	_, err := DialLocal(t.Context(), me)
	require.ErrorIs(t, err, ErrNotListening)
	assert.NotContains(t, LocalPIDs(), me)

	l, err := listen()
	require.NoError(t, err)
	socket := l.Addr().String()
	assert.Equal(t, dir, filepath.Dir(socket))
	info, err := os.Stat(socket)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	info, err = os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	assert.Contains(t, LocalPIDs(), me)

	conn, err := DialLocal(t.Context(), me)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	_, err = listen()
	require.ErrorIs(t, err, ErrListening, "once for each process")

	require.NoError(t, l.Close())
	assert.NoFileExists(t, socket)
	_, err = DialLocal(t.Context(), me)
	require.ErrorIs(t, err, ErrNotListening)
}

// leave leaves the socket of a process that was killed.
func leave(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, l.Close())
}

func TestWhatAKilledProgramLeaves(t *testing.T) {
	dir := runtimeFolder(t)
	ended := exec.Command("true")
	require.NoError(t, ended.Run())
	f := folder{path: dir, owner: os.Geteuid(), own: true}

	stale := f.file(ended.Process.Pid)
	leave(t, stale)
	require.Contains(t, LocalPIDs(), ended.Process.Pid)
	_, err := DialLocal(t.Context(), ended.Process.Pid)
	require.ErrorIs(t, err, ErrNoProcess)
	assert.NoFileExists(t, stale, "who looks tidies up")

	reused := f.file(os.Getppid())
	leave(t, reused)
	_, err = DialLocal(t.Context(), os.Getppid())
	require.ErrorIs(t, err, ErrNotListening)
	assert.FileExists(t, reused, "a process may be about to listen there")

	leave(t, f.file(os.Getpid()))
	l, err := listen()
	require.NoError(t, err, "one that had our process id")
	require.NoError(t, l.Close())
}

func TestFoldersThatAreNotOurs(t *testing.T) {
	me := os.Geteuid()
	tests := []struct {
		reason, wrong string
		spoil         func(t *testing.T, parent string) error
		owner         int
	}{
		{"others may enter", "is open to other users: its mode is 0755", func(_ *testing.T, parent string) error {
			return os.Mkdir(filepath.Join(parent, "heirloom"), 0o755)
		}, me},
		{"a link to elsewhere", "is not a directory", func(t *testing.T, parent string) error {
			return os.Symlink(t.TempDir(), filepath.Join(parent, "heirloom"))
		}, me},
		{"somebody else's", "belongs to another user", func(_ *testing.T, parent string) error {
			return os.Mkdir(filepath.Join(parent, "heirloom"), 0o700)
		}, me + 1},
		{"others may change the runtime folder", "is open to other users: its mode is 0777", func(_ *testing.T, parent string) error {
			return os.Chmod(parent, 0o777)
		}, me},
		{"no runtime folder", "no such file or directory", func(_ *testing.T, parent string) error { return os.Remove(parent) }, me},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			parent := filepath.Join(t.TempDir(), "runtime")
			require.NoError(t, os.Mkdir(parent, 0o700))
			require.NoError(t, tt.spoil(t, parent))
			f := folder{path: filepath.Join(parent, "heirloom"), owner: tt.owner, own: true}
			_, err := f.prepared()
			require.ErrorContains(t, err, tt.wrong)
		})
	}
}

// A socket in a folder that other users can enter may belong to any of them, and is not
// used.
func TestDialTrustsNoOpenFolder(t *testing.T) {
	dir := runtimeFolder(t)
	l, err := listen()
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	require.NoError(t, os.Chmod(dir, 0o755))
	_, err = DialLocal(t.Context(), os.Getpid())
	require.ErrorIs(t, err, ErrNotListening)
	assert.NotContains(t, LocalPIDs(), os.Getpid())
}

func TestDialEndsWithItsContext(t *testing.T) {
	runtimeFolder(t)
	l, err := listen()
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = DialLocal(ctx, os.Getpid())
	require.ErrorIs(t, err, context.Canceled)
}

func TestFolders(t *testing.T) {
	runtimes, shared := t.TempDir(), t.TempDir()
	for _, dir := range []string{runtimes + "/1000", shared + "/heirloom-1001", shared + "/heirloom-x", shared + "/other"} {
		require.NoError(t, os.Mkdir(dir, 0o700))
	}
	in := func(uid string) []string {
		return []string{runtimes + "/" + uid + "/heirloom", shared + "/heirloom-" + uid}
	}
	tests := []struct {
		reason, given string
		user          int
		want          []string
	}{
		{"a user has two", "", 7, in("7")},
		{"and one that is given", "/given", 7, append([]string{"/given/heirloom"}, in("7")...)},
		{"if it is a good one", "given", 7, in("7")},
		{"root sees those of all", "", 0, append(append(in("0"), in("1000")...), in("1001")...)},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			var paths []string
			for _, f := range foldersFor(tt.user, tt.given, runtimes, shared) {
				paths = append(paths, f.path)
				assert.Equal(t, f.owner == tt.user, f.own)
			}
			assert.Equal(t, tt.want, paths)
		})
	}
}
