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
func (f family) suspend()           {}
func (f family) stop()              {}
func (f family) resume()            {}

func (p *process) stopped() (Stop, bool) { return Stop{}, false }

func reapStrays(map[int]bool) {}

// scarce reports whether a start may succeed a little later.
func scarce(error) bool { return false }

func signalName(s os.Signal) string { return s.String() }

func killedBy(*os.ProcessState) (os.Signal, bool) { return nil, false }

func exitOf(os.Signal) int { return 1 }

func (f family) ofKeys(os.Signal) bool { return false }

func tooLong(error) bool { return false }

func crowded(*os.File) error { return nil }

func ownLimit(error) bool { return false }

// signalNamed returns this system's counterpart of a signal that has the given name on
// another system, or nil.
func signalNamed(name string) os.Signal {
	if name == "SIGINT" || name == signalName(os.Interrupt) {
		return os.Interrupt
	}
	return nil
}
