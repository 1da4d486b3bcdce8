//go:build heirloom_exact

// Package slot declares what the overlay defines, as package internal/gls does.
package slot

import "unsafe"

//go:linkname Get build_with_heirloom_exact_go_build.getSlot
func Get() unsafe.Pointer

//go:linkname Set build_with_heirloom_exact_go_build.setSlot
func Set(unsafe.Pointer)

//go:linkname MadeFor build_with_heirloom_exact_go_build.madeFor
func MadeFor() string
