package gls

import _ "unsafe" // for go:linkname

// The source of the runtime lists these as used from outside by linkname and says not to
// change or remove them (go.dev/issue/67401), so no linker flag is needed.

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

// Processor returns the number of the runtime's processor, from 0 up to GOMAXPROCS, that
// runs the goroutine. A moment later it may be another one, so it is of use only to choose
// memory that other processors rarely write to.
func Processor() uint {
	p := procPin()
	procUnpin()
	return uint(p)
}
