//go:build !unix

package bench_test

import "time"

// cpuTime returns 0, because processor time is not available here.
func cpuTime() time.Duration { return 0 }
