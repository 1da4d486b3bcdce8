//go:build !windows

package jobs

import "os"

// removedFile opens an empty file and removes its name.
func removedFile() (*os.File, error) {
	f, err := os.CreateTemp("", "heirloom-*")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name())
	return f, nil
}
