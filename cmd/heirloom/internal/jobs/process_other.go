//go:build !unix && !windows

package jobs

import (
	"os"
	"os/exec"
)

// On systems without process groups, a command has no family.
type family struct{ *os.Process }

var terminate = os.Kill

func lead(*exec.Cmd, bool) {}

func familyOf(leader *os.Process, _ bool) (family, error) { return family{leader}, nil }

func (f family) signal(s os.Signal) { f.Process.Signal(s) }
func (f family) kill()              { f.Process.Kill() }
func (f family) alive() bool        { return false }
func (f family) close()             {}

// scarce reports whether a start may succeed a little later.
func scarce(error) bool { return false }

func signalName(s os.Signal) string { return s.String() }
