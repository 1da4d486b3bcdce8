//go:build !linux

package jobs

import (
	"io"
	"os"
)

// copyFile writes the content of f, from its offset, to w.
func copyFile(w io.Writer, f *os.File) error {
	_, err := io.Copy(w, f)
	return err
}
