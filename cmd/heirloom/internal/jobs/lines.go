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

// maxLine bounds a line, and with it the memory that a stream of them takes. No
// command can be as long: Linux takes 128 KiB.
const maxLine = 1 << 20

// A Stream is a sequence of jobs that may have no end. Its jobs have no needs and
// are in no group. It ends with the first error.
type Stream iter.Seq2[*Job, error]

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

// ValueLines returns a job for each line of r, which the template's command is
// made of. Lines end with sep.
func ValueLines(t *Template, r io.Reader, sep byte) Stream {
	return func(yield func(*Job, error) bool) {
		n := 0
		for line, err := range split(r, sep) {
			if err != nil {
				yield(nil, err)
				return
			}
			n++
			if j, err := t.job(n, []string{line}); !yield(j, err) || err != nil {
				return
			}
		}
	}
}

// Values returns a job for each combination of one value from each list, the last
// list changing fastest.
func Values(t *Template, lists [][]string) Stream {
	return func(yield func(*Job, error) bool) {
		n := 0
		var combine func(chosen []string) bool
		combine = func(chosen []string) bool {
			if len(chosen) == len(lists) {
				n++
				j, err := t.job(n, chosen)
				return yield(j, err) && err == nil
			}
			for _, v := range lists[len(chosen)] {
				if !combine(append(chosen, v)) {
					return false
				}
			}
			return true
		}
		combine(make([]string, 0, len(lists)))
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

// job is named after its values, which tell it from the template's other jobs.
func (t *Template) job(n int, values []string) (*Job, error) {
	command, err := t.Expand(n, values)
	if err != nil {
		return nil, err
	}
	return &Job{Name: strings.Join(values, " "), Command: command}, nil
}

// split returns the lines of r without their ends, be it sep or, for '\n', "\r\n".
func split(r io.Reader, sep byte) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		lines.Split(func(data []byte, atEOF bool) (int, []byte, error) {
			if i := bytes.IndexByte(data, sep); i >= 0 {
				return i + 1, data[:i], nil
			}
			if atEOF && len(data) > 0 {
				return len(data), data, nil
			}
			return 0, nil, nil
		})
		n := 0
		for lines.Scan() {
			n++
			line := lines.Text()
			if sep == '\n' {
				line = strings.TrimSuffix(line, "\r")
			}
			if strings.IndexByte(line, 0) >= 0 {
				yield("", fmt.Errorf("line %d holds a NUL, which no command can; separate with -0?", n))
				return
			}
			if !yield(line, nil) {
				return
			}
		}
		if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
			yield("", fmt.Errorf("line %d is longer than %d bytes", n+1, maxLine))
		} else if err != nil {
			yield("", err)
		}
	}
}
