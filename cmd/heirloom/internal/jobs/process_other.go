//go:build !unix && !windows

package jobs

import (
	"os"
	"os/exec"
)

// Where there are no process groups, a command is on its own.
type group struct{ *os.Process }

var terminate = os.Kill

func lead(*exec.Cmd) {}

func groupOf(leader *os.Process) (group, error) { return group{leader}, nil }

func (g group) signal(s os.Signal) { g.Process.Signal(s) }
func (g group) kill()              { g.Process.Kill() }
func (g group) alive() bool        { return false }
func (g group) close()             {}

func signalName(s os.Signal) string { return s.String() }

func killedBy(*os.ProcessState) (os.Signal, bool) { return nil, false }

func exitOf(os.Signal) int { return 1 }
