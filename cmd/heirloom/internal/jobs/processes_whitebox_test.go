//go:build linux

package jobs

import (
	"context"
	"os/exec"
	"sync"
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

// slowCause is a ctx that takes its time to tell why it has ended.
type slowCause struct {
	context.Context
	watched, asked func() // which are called when somebody waits for the end, and asks for the cause
}

func (c slowCause) Value(key any) any {
	if c.Err() == nil {
		c.watched()
	} else {
		c.asked()
	}
	return c.Context.Value(key)
}

// What is signalled may be another's process once wait has returned.
func TestWaitEndsTheSignallerFirst(t *testing.T) {
	p, err := start(exec.Command("sleep", "60"), false)
	require.NoError(t, err)
	returned := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan struct{})
	slow := slowCause{ctx, sync.OnceFunc(func() { close(watched) }), sync.OnceFunc(func() { // in the signaller
		p.family.kill()
		select {
		case <-returned:
			t.Error("wait has returned while its signaller is at work")
		case <-time.After(200 * time.Millisecond):
		}
	})}
	go func() {
		defer close(returned)
		told, err := p.wait(slow, time.Hour, nil)
		assert.True(t, told)
		assert.Error(t, err)
	}()
	<-watched
	cancel()
	<-returned
}

// waitStopped waits for the process to be stopped, and leaves it to others to hear of it.
func waitStopped(t *testing.T, pid int) {
	t.Helper()
	require.NoError(t, unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil))
}
