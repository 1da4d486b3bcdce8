//go:build unix

package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// become replaces this program by another: signals, the terminal and the exit code
// are then the other's without anybody in between. It returns only if it can't.
func become(path string, args, env []string) error {
	return fmt.Errorf("%s: %w", path, unix.Exec(path, args, env))
}
