package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

var errStdoutClosed = errors.New("standard output is closed")

// A checkedWriter remembers the first failure to write to standard output, for callers
// that do not check for errors.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(p)
	if err != nil {
		c.err = fmt.Errorf("cannot write to standard output: %w", cause(err))
	}
	return n, c.err
}

// cause returns err without the operation and the path, which the message has already.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// mustPrint returns an error if the program was started with its standard output closed
// (heirloom demo >&-). It is for commands that have no other purpose than to print.
//
// A write would not fail: Go's runtime replaces a closed standard stream by the null
// device, open for reading and writing. Some programs start others with exactly that to
// discard their output. So commands with a meaningful exit code do not call mustPrint.
func mustPrint(w io.Writer) error {
	if c, ok := w.(*checkedWriter); ok {
		w = c.w
	}
	if f, ok := w.(*os.File); ok && f == os.Stdout && replacedByRuntime(f) {
		return errStdoutClosed
	}
	return nil
}
