package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// interpretEscapes makes a console interpret escape sequences as other terminals do.
// Older consoles do it only on request.
func interpretEscapes(out *os.File) (restore func() error, err error) {
	console := windows.Handle(out.Fd())
	var before uint32
	if err := windows.GetConsoleMode(console, &before); err != nil {
		return nil, os.NewSyscallError("GetConsoleMode", err)
	}
	if err := windows.SetConsoleMode(console, before|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING); err != nil {
		return nil, os.NewSyscallError("SetConsoleMode", err)
	}
	return func() error { return windows.SetConsoleMode(console, before) }, nil
}

// changes never sends: the size is read for each frame.
func (t *terminal) changes() (changed <-chan struct{}, stop func()) { return nil, func() {} }

// suspend does nothing: Windows does not stop programs.
func (t *terminal) suspend() error { return nil }
