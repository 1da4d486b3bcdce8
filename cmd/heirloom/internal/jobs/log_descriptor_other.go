//go:build !unix

package jobs

import "os"

// openDescriptor returns standard output for "-", and nil otherwise. Here, no path names
// a descriptor.
func openDescriptor(path string) (*os.File, error) {
	if path == "-" {
		return os.Stdout, nil
	}
	return nil, nil
}
