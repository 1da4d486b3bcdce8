//go:build unix

package remotetemporal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/heirloom-go/heirloom/internal/killtest"
)

const killItems = 6

// TestKills stops or kills a worker or a caller, in three ways and at three moments.
// The frontend runs the two most telling cases, and a real server all of them.
func TestKills(t *testing.T) {
	onFrontend := map[string]bool{"worker/SIGKILL/running": true, "caller/SIGKILL/running": true}
	signals := map[string]syscall.Signal{"SIGKILL": syscall.SIGKILL, "SIGSTOP": syscall.SIGSTOP, "SIGTERM": syscall.SIGTERM}
	onEach(t, func(t *testing.T, s server) {
		for _, part := range []string{"worker", "caller"} {
			for name, signal := range signals {
				for _, moment := range []string{"queued", "running", "stored"} {
					name := part + "/" + name + "/" + moment
					if s.kind() == "frontend" && !onFrontend[name] {
						continue
					}
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						k := &kill{T: t, server: s, part: part, signal: signal, moment: moment, parts: map[string]*process{}}
						k.role = role{Address: s.address, Namespace: s.namespace, Prefix: t.Name() + "-", Dir: t.TempDir(), Items: killItems}
						k.run()
					})
				}
			}
		}
	})
}

// A kill is one case.
type kill struct {
	*testing.T
	server server
	part   string
	signal syscall.Signal
	moment string

	role  role // what its processes have in common
	parts map[string]*process
}

type process struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
}

func (k *kill) run() {
	k.begin()
	target := k.parts[k.part]
	require.NoError(k, target.Process.Signal(k.signal))
	if k.signal == syscall.SIGSTOP {
		pause := killLease + killLease/2 // long enough for a worker to be lost
		if k.part == "caller" {
			pause = killLease / 2 // short enough for a caller not to count as gone
		}
		time.Sleep(pause)
		require.NoError(k, target.Process.Signal(syscall.SIGCONT))
	}
	k.file("go")
	k.file("release")
	k.start("worker-2", "worker", killItems)
	if k.part == "caller" && k.signal == syscall.SIGKILL {
		_ = target.Wait()
	} else {
		k.wait("caller")
		killtest.CheckAnswers(k, &k.parts["caller"].stdout, killItems, k.part == "caller" && k.signal == syscall.SIGTERM)
	}
	k.checkNothingIsLeft()
	killtest.CheckRuns(k, strings.Fields(k.text("runs")), killDeliveries)
	for _, name := range []string{"worker", "worker-2"} {
		if p := k.parts[name]; p != nil {
			if p == target && k.signal == syscall.SIGKILL {
				_ = p.Wait()
				continue
			}
			_ = p.Process.Signal(syscall.SIGTERM)
			k.wait(name)
		}
	}
}

// begin brings the items to the moment of the case.
func (k *kill) begin() {
	places := killItems
	switch {
	case k.moment == "stored":
		k.role.Holds = k.part
		k.file("go")
	case k.moment == "queued" && k.part == "worker":
		places = 1 // all but one wait
	}
	k.start("caller", "caller", 0)
	k.until("the items are stored", func() bool { return k.lines("stored") >= killItems })
	if k.moment == "queued" && k.part == "caller" {
		return
	}
	k.start("worker", "worker", places)
	if k.moment == "stored" {
		k.until("an outcome is stored", func() bool { return k.lines("held") > 0 })
		return
	}
	k.until("items run", func() bool { return k.lines("runs") >= places })
}

// checkNothingIsLeft checks that each job has ended, and that no presence outlives its
// caller. It needs a real server.
func (k *kill) checkNothingIsLeft() {
	if k.server.kind() == "frontend" {
		return
	}
	c := k.server.dial(k.T, nil)
	k.until("no activity is left", func() bool {
		ctx, cancel := context.WithTimeout(k.Context(), 5*time.Second)
		defer cancel()
		left := 0
		for _, queue := range []string{"killed", ".callers"} {
			n, err := c.CountActivities(ctx, client.CountActivitiesOptions{
				Query: fmt.Sprintf("TaskQueue = '%s%s' AND ExecutionStatus = 'Running'", k.role.Prefix, queue),
			})
			if err != nil {
				return false
			}
			left += int(n.Count)
		}
		return left == 0
	})
}

func (k *kill) file(name string) {
	require.NoError(k, os.WriteFile(filepath.Join(k.role.Dir, name), nil, 0o600))
}

func (k *kill) text(name string) string {
	text, _ := os.ReadFile(filepath.Join(k.role.Dir, name))
	return string(text)
}

func (k *kill) lines(name string) int { return strings.Count(k.text(name), "\n") }

func (k *kill) until(what string, yes func() bool) {
	k.Helper()
	for end := time.Now().Add(2 * time.Minute); !yes(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			require.Fail(k, "not in time: "+what, k.said())
		}
	}
}

// said ends the processes, and returns their output and the stacks of their goroutines.
func (k *kill) said() string {
	var all strings.Builder
	for name, p := range k.parts {
		_ = p.Process.Signal(syscall.SIGQUIT)
		_ = p.Wait()
		fmt.Fprintf(&all, "%s: %v\n%s", name, p.ProcessState, p.stderr.String())
	}
	return all.String()
}

// start starts a process, which is the test's own program in a role.
func (k *kill) start(name, part string, places int) {
	r := k.role
	r.Part, r.Places = part, places
	if name != part {
		r.Holds = ""
	}
	text, err := json.Marshal(r)
	require.NoError(k, err)
	exe, err := os.Executable()
	require.NoError(k, err)
	p := &process{Cmd: exec.Command(exe)}
	p.Env = append(os.Environ(), roleVariable+"="+string(text))
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	require.NoError(k, p.Start())
	k.Cleanup(func() {
		if p.ProcessState == nil {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
	})
	k.parts[name] = p
}

// wait waits for a process that must end well, which means that no goroutine is left.
func (k *kill) wait(name string) {
	p := k.parts[name]
	late := time.AfterFunc(2*time.Minute, func() { _ = p.Process.Signal(syscall.SIGQUIT) })
	defer late.Stop()
	require.NoError(k, p.Wait(), "%s: %s", name, &p.stderr)
}
