//go:build !unix

package main

import (
	"os"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

const terminalPath = "CONIN$"

// duplicate returns the file itself: what closes it is the end of the program.
func duplicate(f *os.File) (*os.File, error) { return os.NewFile(f.Fd(), f.Name()), nil }

// There are no stops and no processes of others to take note of.
func watchProcesses(*jobs.Processes, func(string)) (stop func()) { return func() {} }
