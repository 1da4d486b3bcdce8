//go:build !unix && !windows

package jobs

import (
	"os"
	"os/exec"
)

// Where there are no process groups, a command is on its own.
type family struct{ *os.Process }

var terminate = os.Kill

func lead(*exec.Cmd) {}

func familyOf(leader *os.Process) (family, error) { return family{leader}, nil }

func (f family) signal(s os.Signal) { f.Process.Signal(s) }
func (f family) kill()              { f.Process.Kill() }
func (f family) alive() bool        { return false }
func (f family) close()             {}

func signalName(s os.Signal) string { return s.String() }

func killedBy(*os.ProcessState) (os.Signal, bool) { return nil, false }

func exitOf(os.Signal) int { return 1 }
