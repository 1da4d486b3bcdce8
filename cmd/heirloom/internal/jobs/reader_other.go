//go:build !unix

package jobs

import (
	"os"
	"syscall"
)

var errReaderGone error = syscall.EPIPE

// Only Unix reports this before something is written.
func readerGone(*os.File) bool { return false }

func watchReader(*os.File, func()) (stop func()) { return func() {} }

// readNow is for pipes that have deadlines, as those of Unix do.
func readNow(*os.File, []byte) (int, error) { return 0, os.ErrDeadlineExceeded }
