//go:build unix

package bench_test

import (
	"syscall"
	"time"
)

// cpuTime returns how much processor time the process has used, the garbage
// collector's included.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
