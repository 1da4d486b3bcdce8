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

// A command may be stopped before Processes knows it, and its parent is notified once.
func TestStopsMissesNoneThatIsBeingStarted(t *testing.T) {
	var ps Processes
	ps.starting.RLock() // as start does
	p, err := start(exec.Command("sh", "-c", "kill -STOP $$"), false)
	require.NoError(t, err)
	p.name, p.number = "a job", 7

	stops := make(chan []Stop, 1)
	go func() { stops <- ps.Stops() }()
	waits := func() bool { // a waiting writer keeps readers out
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

// slowCause is a ctx whose cause takes long to return.
type slowCause struct {
	context.Context
	watched, asked func() // called when a goroutine waits for the end, and when one asks for the cause
}

func (c slowCause) Value(key any) any {
	if c.Err() == nil {
		c.watched()
	} else {
		c.asked()
	}
	return c.Context.Value(key)
}

// Once wait has returned, the id that a signal would go to may belong to another
// process.
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
		signalled, err := p.wait(slow, time.Hour, nil)
		assert.True(t, signalled)
		assert.Error(t, err)
	}()
	<-watched
	cancel()
	<-returned
}

// waitStopped waits until the process is stopped, without consuming the notification.
func waitStopped(t *testing.T, pid int) {
	t.Helper()
	require.NoError(t, unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil))
}
