package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

var errStdoutClosed = errors.New("standard output is closed")

// A checkedWriter remembers the first failure to write to standard output, for
// the callers that do not look at it themselves.
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

// cause is err without the operation and the path, which the message has.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// mustPrint returns an error if the program was started with its standard output
// closed (heirloom demo >&-), for commands that are good for nothing else than
// what they print.
//
// Writing would not tell: Go's runtime puts the null device, open for reading and
// writing, in the place of a standard stream that is closed. Some programs start
// others with just that as a bin for their output, so that commands whose exit
// code is an answer in itself do not ask.
func mustPrint(w io.Writer) error {
	if c, ok := w.(*checkedWriter); ok {
		w = c.w
	}
	if f, ok := w.(*os.File); ok && f == os.Stdout && replacedByRuntime(f) {
		return errStdoutClosed
	}
	return nil
}
