//go:build linux

package jobs

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestOrphaned runs itself, in families of several kinds.
func TestOrphaned(t *testing.T) {
	const inner = "HEIRLOOM_TEST_ORPHANED"
	if os.Getenv(inner) != "" {
		fmt.Println("orphaned:", Orphaned())
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	for _, test := range []struct {
		reason   string
		args     []string
		attr     syscall.SysProcAttr
		orphaned bool
	}{
		{"its parent is in the session and not in the family", nil, syscall.SysProcAttr{Setpgid: true}, false},
		{"its parent is in another session", nil, syscall.SysProcAttr{Setsid: true}, true},
		{"its parent is in the family, and the parent of that in another session", []string{"sh", "-c", `"$@"; exit $?`, "sh"}, syscall.SysProcAttr{Setsid: true}, true},
		{"the parent of its parent is in the session and not in the family", []string{"sh", "-c", `"$@"; exit $?`, "sh"}, syscall.SysProcAttr{Setpgid: true}, false},
	} {
		args := append(test.args, self, "-test.run=^TestOrphaned$")
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), inner+"=1")
		cmd.SysProcAttr = &test.attr
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		answer, _, _ := strings.Cut(string(out), "\n")
		assert.Equal(t, fmt.Sprint("orphaned: ", test.orphaned), answer, test.reason)
	}
}

func TestReap(t *testing.T) {
	stray, err := syscall.ForkExec("/bin/true", []string{"true"}, nil)
	require.NoError(t, err)
	alive, err := syscall.ForkExec("/bin/sleep", []string{"sleep", "60"}, nil)
	require.NoError(t, err)
	own, err := start(exec.Command("true"), false)
	require.NoError(t, err)
	var ps Processes
	ps.add(own)
	for _, pid := range []int{stray, own.cmd.Process.Pid} {
		require.NoError(t, unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil))
	}
	ps.Reap()
	assert.Equal(t, unix.ECHILD, unix.Waitid(unix.P_PID, stray, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil), "the system has forgotten it")
	assert.NoError(t, own.cmd.Wait(), "which the run asks for itself")
	require.NoError(t, unix.Kill(alive, unix.SIGKILL))
	var status unix.WaitStatus
	_, err = unix.Wait4(alive, &status, 0, nil)
	require.NoError(t, err)
	assert.True(t, status.Signaled(), "it was left alone")
}
