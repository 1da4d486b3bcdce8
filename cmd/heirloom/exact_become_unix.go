//go:build unix

package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// become replaces this program by another one, which then gets the signals, the
// terminal and the exit code directly. It returns only if that fails.
func become(path string, args, env []string) error {
	return fmt.Errorf("%s: %w", path, unix.Exec(path, args, env))
}
