package jobs

import (
	"bytes"
	"io"
	"os"
	"time"
)

// A stdin is what commands read.
type stdin struct {
	mode  Stdin
	tty   bool
	input *os.File
	null  *os.File
	open  *os.File // the end of a pipe that nobody writes to
	held  *os.File // the other end
}

func openStdin(mode Stdin, input *os.File, tty bool) (*stdin, error) {
	s := &stdin{mode: mode, input: input, tty: tty}
	var err error
	if s.null, err = os.Open(os.DevNull); err != nil {
		return nil, err
	}
	if mode == Open {
		if s.open, s.held, err = os.Pipe(); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *stdin) close() {
	for _, f := range []*os.File{s.null, s.open, s.held} {
		if f != nil {
			f.Close()
		}
	}
}

// unreadTime is how long what a command was given to read may stay unread when it
// has ended, in the hands of a process that it started.
const unreadTime = time.Second

// of is what the command of the job reads. It is a file, so that nobody has to copy
// it, unless the job has something to read of its own.
func (s *stdin) of(n *node) io.Reader {
	switch {
	case n.Stdin != nil:
		return bytes.NewReader(n.Stdin)
	case s.tty && s.input != nil, s.mode == First && n.number == 1 && s.input != nil:
		return s.input
	case s.mode == Open:
		return s.open
	}
	return s.null
}
