//go:build !unix

package jobs

import "os"

// What only Unix has: processes that are stopped, or ended by a signal, strays that become
// children of this program, and limits of one process, as distinct from those of the system.

func (f family) suspend()              {}
func (f family) stop()                 {}
func (f family) resume()               {}
func (f family) ofKeys(os.Signal) bool { return false }

func (p *process) stopped() (Stop, bool) { return Stop{}, false }

func reapStrays(map[int]bool) {}

func killedBy(*os.ProcessState) (os.Signal, bool) { return nil, false }

func exitOf(os.Signal) int { return 1 }

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
