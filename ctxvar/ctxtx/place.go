package ctxtx

import (
	"fmt"
	"path/filepath"
	"runtime"
)

// A place is where in the program InTx was called, for error texts.
type place uintptr

// caller returns the place of the call of the package's function that called the one
// which calls caller.
func caller() place {
	var pcs [1]uintptr
	runtime.Callers(4, pcs[:])
	return place(pcs[0])
}

func (p place) String() string {
	frame, _ := runtime.CallersFrames([]uintptr{uintptr(p)}).Next()
	if frame.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
}
