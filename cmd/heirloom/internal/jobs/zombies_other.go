//go:build unix && !linux

package jobs

import "os"

func onlyZombies(int) bool { return false }

// Only Linux can report a stop without consuming the end that os.Process waits for.
func (p *process) stopped() (Stop, bool) { return Stop{}, false }

func reapStrays(map[int]bool) {}

// Orphaned reports whether no process is there to continue this one when it is stopped.
func Orphaned() bool { return os.Getppid() == 1 }
