package jobs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// A Stream is a sequence of jobs, which may be endless. Its jobs have no needs and are
// in no group. The first error ends it.
type Stream iter.Seq2[*Job, error]

// Whole reads the stream to its end, for a run that must know how many jobs there are.
func (s Stream) Whole() (_ Stream, n int, err error) {
	var all []*Job
	for j, err := range s {
		if err != nil {
			return nil, 0, err
		}
		all = append(all, j)
	}
	return func(yield func(*Job, error) bool) {
		for _, j := range all {
			if !yield(j, nil) {
				return
			}
		}
	}, len(all), nil
}

// Lines returns a job for each line of r that is not blank and not a comment (#).
// Lines end with sep.
func Lines(r io.Reader, sep byte) Stream {
	return func(yield func(*Job, error) bool) {
		for line, err := range split(r, sep) {
			if err != nil {
				yield(nil, err)
				return
			}
			command := strings.TrimSpace(line)
			if command == "" || command[0] == '#' {
				continue
			}
			if !yield(&Job{Command: command}, nil) {
				return
			}
		}
	}
}

// Commands returns a job for each command.
func Commands(commands []string) Stream {
	return func(yield func(*Job, error) bool) {
		for _, c := range commands {
			if !yield(&Job{Command: c}, nil) {
				return
			}
		}
	}
}

// SkipBOM returns r without the byte order mark that programs on Windows put at the
// start of a text. If the mark says that the text is in an encoding of two bytes,
// SkipBOM refuses it.
func SkipBOM(r *bufio.Reader) error {
	head, _ := r.Peek(2) // the next read returns the error
	if string(head) == "\xff\xfe" || string(head) == "\xfe\xff" {
		return errors.New("the text is UTF-16; write it as UTF-8")
	}
	if string(head) != "\xef\xbb" {
		return nil
	}
	if head, _ = r.Peek(3); string(head) == "\xef\xbb\xbf" {
		r.Discard(3)
	}
	return nil
}

// split returns the lines of r without their ends, which are sep or, for '\n', also
// "\r\n". The length of a line is not limited. No more than one line is held in memory.
func split(r io.Reader, sep byte) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		lines := bufio.NewReader(r)
		for n := 1; ; n++ {
			text, err := lines.ReadBytes(sep)
			if err != nil && err != io.EOF {
				yield("", err)
				return
			}
			if len(text) == 0 {
				return // nothing follows the last sep
			}
			text = bytes.TrimSuffix(text, []byte{sep})
			if sep == '\n' {
				text = bytes.TrimSuffix(text, []byte{'\r'})
			}
			if bytes.IndexByte(text, 0) >= 0 {
				yield("", fmt.Errorf("line %d holds a NUL, which no command can; separate with -0?", n))
				return
			}
			if !yield(string(text), nil) || err == io.EOF {
				return
			}
		}
	}
}
