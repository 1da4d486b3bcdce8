//go:build !unix

package remotenats_test

import "time"

// cpuTime is not available here.
func cpuTime() time.Duration { return 0 }
