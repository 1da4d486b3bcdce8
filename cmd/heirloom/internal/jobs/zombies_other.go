//go:build unix && !linux

package jobs

import "os"

func onlyZombies(int) bool { return false }

// Only Linux tells of a stop without taking note of an end, which os.Process waits
// for.
func (p *process) stopped() (Stop, bool) { return Stop{}, false }

func reapStrays(map[int]bool) {}

// Orphaned reports whether nobody is there to continue this process once it is
// stopped.
func Orphaned() bool { return os.Getppid() == 1 }
