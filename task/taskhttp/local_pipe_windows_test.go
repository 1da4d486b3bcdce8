package taskhttp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/heirloom-go/heirloom/task/taskhttp/internal/pipe"
)

const childVariable = "HEIRLOOM_TEST_LISTEN"

// child starts another process, which listens: as itself, or with a pipe named for
// this one.
func child(t *testing.T, pid int) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestChild$")
	c.Env = append(os.Environ(), childVariable+"="+strconv.Itoa(pid))
	in, err := c.StdinPipe()
	require.NoError(t, err)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = c.Wait() // some are killed
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "listens")
	return c
}

func TestChild(t *testing.T) {
	name := os.Getenv(childVariable)
	if name == "" {
		t.Skip("it is for child")
	}
	pid, err := strconv.Atoi(name)
	require.NoError(t, err)
	var l net.Listener
	if pid == 0 {
		l, err = listen()
	} else {
		l, err = pipe.Listen(pipeName(pid))
	}
	require.NoError(t, err)
	fmt.Println("listens")
	_, _ = io.Copy(io.Discard, os.Stdin)
	require.NoError(t, l.Close())
}

func runtimeFolder(t *testing.T) string {
	dir := t.TempDir()
	t.Setenv("LocalAppData", dir)
	return filepath.Join(dir, "heirloom")
}

func TestListenAndDial(t *testing.T) {
	dir := runtimeFolder(t)
	me := os.Getpid()
	_, err := DialLocal(t.Context(), me)
	require.ErrorIs(t, err, ErrNotListening)
	assert.Empty(t, LocalPIDs())

	l, err := listen()
	require.NoError(t, err)
	assert.Equal(t, []int{me}, LocalPIDs())
	conn, err := DialLocal(t.Context(), me)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	_, err = listen()
	require.ErrorIs(t, err, ErrListening, "once for each process")

	require.NoError(t, l.Close())
	_, err = DialLocal(t.Context(), me)
	require.ErrorIs(t, err, ErrNotListening)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

// The system removes the file of a program that is killed.
func TestKilledProgram(t *testing.T) {
	runtimeFolder(t)
	c := child(t, 0)
	require.Equal(t, []int{c.Process.Pid}, LocalPIDs())
	conn, err := DialLocal(t.Context(), c.Process.Pid)
	require.NoError(t, err)
	require.NoError(t, c.Process.Kill())
	_, err = io.ReadAll(conn)
	require.NoError(t, err, "ends as if the program had closed it")
	require.NoError(t, conn.Close())
	_ = c.Wait()
	assert.Empty(t, LocalPIDs())
}

// What was left by a loss of power is removed by the next look-up.
func TestLeftFile(t *testing.T) {
	dir := runtimeFolder(t)
	require.NoError(t, os.Mkdir(dir, 0o700))
	const nobody = 4 * 99_999_999
	for _, pid := range []int{nobody, os.Getpid()} {
		require.NoError(t, os.WriteFile(folders()[0].file(pid), nil, 0o600))
	}
	assert.Equal(t, []int{os.Getpid(), nobody}, LocalPIDs())
	_, err := DialLocal(t.Context(), nobody)
	require.ErrorIs(t, err, ErrNoProcess)
	assert.Equal(t, []int{os.Getpid()}, LocalPIDs())
	l, err := listen()
	require.NoError(t, err, "that of a process which had this id")
	require.NoError(t, l.Close())
	assert.Empty(t, LocalPIDs())
}

// A pipe that somebody else has created under the name of a process is not used.
func TestSquattedName(t *testing.T) {
	runtimeFolder(t)
	child(t, os.Getpid())
	_, err := DialLocal(t.Context(), os.Getpid())
	require.ErrorIs(t, err, ErrNotListening)
}
