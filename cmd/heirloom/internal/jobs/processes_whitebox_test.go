//go:build linux

package jobs

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A command may be stopped before Processes knows it, and its parent hears of that
// once.
func TestStopsMissesNoneThatIsBeingStarted(t *testing.T) {
	var ps Processes
	ps.starting.RLock() // as start does
	p, err := start(exec.Command("sh", "-c", "kill -STOP $$"), false)
	require.NoError(t, err)
	p.name, p.number = "a job", 7

	stops := make(chan []Stop, 1)
	go func() { stops <- ps.Stops() }()
	waits := func() bool { // nobody gets to read while one waits to write
		if ps.starting.TryRLock() {
			ps.starting.RUnlock()
			return false
		}
		return true
	}
	require.Eventually(t, waits, time.Minute, time.Millisecond, "Stops waits for the start")
	ps.add(p)
	waitStopped(t, p.cmd.Process.Pid)
	ps.starting.RUnlock()

	assert.Equal(t, []Stop{{Number: 7, Name: "a job", Family: p.family.leader, Signal: unix.SIGSTOP}}, <-stops)
	p.family.kill()
	_ = p.cmd.Wait()
}

// waitStopped waits for the process to be stopped, and leaves it to others to hear of it.
func waitStopped(t *testing.T, pid int) {
	t.Helper()
	require.NoError(t, unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil))
}
