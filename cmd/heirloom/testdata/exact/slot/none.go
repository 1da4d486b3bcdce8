//go:build !heirloom_exact

package slot

import "unsafe"

func Get() unsafe.Pointer { return nil }
func Set(unsafe.Pointer)  {}
func MadeFor() string     { return "" }
