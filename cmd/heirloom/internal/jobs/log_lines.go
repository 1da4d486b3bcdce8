package jobs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A logLine is a line of either kind.
type logLine struct {
	Result
	logRun
}

// read reads the lines. It returns the last one if no newline ends it.
func (l *Log) read(r io.Reader) (tail []byte, err error) {
	lines := bufio.NewReader(r)
	if err := SkipBOM(lines); err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, err
		}
		ended := err == nil
		if len(bytes.TrimSpace(line)) > 0 {
			read, err := parseLine(line)
			if err == nil {
				l.take(&read)
			} else if ended || !torn(line, n == 1) {
				return nil, fmt.Errorf("line %d is not a line of a job log", n)
			}
		}
		if !ended {
			return line, nil
		}
	}
}

// take adds a line to the histories.
func (l *Log) take(r *logLine) {
	if r.Run != "" {
		l.run = r.Run
		return
	}
	job, command := r.Job, r.Command
	if r.JobBytes != nil {
		job = string(r.JobBytes)
	}
	if r.CommandBytes != nil {
		command = string(r.CommandBytes)
	}
	id := identify(job, command, r.Repeat)
	h := l.jobs[id]
	if h == nil {
		h = new(history)
		l.jobs[id] = h
	}
	h.succeeded = r.State.succeeded()
	h.ends++
}

// mend adds the newline to the last line if the line is whole, and removes the line if not.
func (l *Log) mend(tail []byte) error {
	if _, err := parseLine(tail); err != nil {
		return dropTail(l.f, len(tail))
	}
	_, err := l.f.Write([]byte{'\n'})
	return err
}

// parseLine returns an error for all but a line of a log. JSON lines of other programs,
// and of --json, may have the same names for some of their fields.
func parseLine(line []byte) (r logLine, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err = d.Decode(&r); err != nil {
		return r, err
	}
	if _, err = d.Token(); err != io.EOF {
		return r, errors.New("something follows the object")
	}
	switch {
	case r.Run != "" && r.Number == 0:
		return r, nil
	case r.Number > 0 && r.Job != "" && r.State.known():
		return r, nil
	}
	return r, errors.New("it is an object of some other kind")
}

// torn reports whether the text can be a line of a log of which the end is missing. If
// nothing before it shows that this is a log, the text itself must show that.
func torn(text []byte, first bool) bool {
	if json.Valid(text) || first && len(text) < len(`{"run":"`) {
		return false
	}
	if name, ok := strings.CutPrefix(string(text), `{"run":"`); ok {
		return strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == "" // of rand.Text
	}
	const number = `{"number":`
	rest, ok := bytes.CutPrefix(text, []byte(number))
	if !ok {
		return beginAlike(text, number) || beginAlike(text, `{"run":"`)
	}
	return beginAlike(bytes.TrimLeft(rest, "0123456789"), `,"job":"`)
}

// beginAlike reports whether one of the two begins with the other.
func beginAlike(a []byte, b string) bool {
	n := min(len(a), len(b))
	return string(a[:n]) == b[:n]
}
