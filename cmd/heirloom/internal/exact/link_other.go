//go:build !windows

package exact

import "os"

func makeLink(folder, name string) error { return os.Symlink(folder, name) }
