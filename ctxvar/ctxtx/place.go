package ctxtx

import (
	"fmt"
	"path/filepath"
	"runtime"
)

// A place is where in the program InTx was called, for error texts.
type place uintptr

func (p place) String() string {
	frame, _ := runtime.CallersFrames([]uintptr{uintptr(p)}).Next()
	if frame.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
}
