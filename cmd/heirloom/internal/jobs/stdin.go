package jobs

import (
	"bytes"
	"io"
	"os"
	"time"
)

// A stdin is the input of commands.
type stdin struct {
	mode  Stdin
	tty   bool
	input *os.File
	null  *os.File
	open  *os.File // the reading end of a pipe to which nothing is written
	held  *os.File // the writing end
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

// unreadTime is how long the input of a command may remain unread after its end, when a
// process that it started has the input.
const unreadTime = time.Second

// of returns the input of the job's command. It is a file, so that nothing has to be
// copied, unless the job has input of its own.
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
