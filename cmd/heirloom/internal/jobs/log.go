package jobs

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// A Log is the file that a run writes the results of its jobs to, one a line, as
// they come in. After a crash it is whole but for its last line.
type Log struct {
	f    *os.File
	done map[identity]bool // whether the job succeeded, when it last ended
}

// An identity tells a job from all others, in this run and in the next: its name,
// its command, and how many before it have the same. (A digest, so that memory
// does not grow with the length of commands.)
type identity [16]byte

func identify(job, command string, repeat int) identity {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %s%s", repeat, len(job), job, command)
	return identity(h.Sum(nil))
}

// CreateLog starts a log that is empty, or the one that ResumeLog continues.
func CreateLog(path string) (*Log, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	return &Log{f: f}, nil
}

// ResumeLog opens the log of earlier runs, if there is one, to learn which jobs
// have succeeded and to add to it.
func ResumeLog(path string) (*Log, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	l := &Log{f: f, done: map[identity]bool{}}
	if err := l.read(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

func (l *Log) read() error {
	lines := bufio.NewReader(l.f)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			// What follows the last newline is a line that was never finished.
			return l.dropTail(len(line))
		}
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var r Result
		if err := json.Unmarshal(line, &r); err != nil || r.State == "" {
			return fmt.Errorf("line %d is not a line of a job log", n)
		}
		job, command := r.Job, r.Command
		if r.JobBytes != nil {
			job = string(r.JobBytes)
		}
		if r.CommandBytes != nil {
			command = string(r.CommandBytes)
		}
		l.done[identify(job, command, r.Repeat)] = r.State.succeeded()
	}
}

func (l *Log) dropTail(n int) error {
	if n == 0 {
		return nil
	}
	info, err := l.f.Stat()
	if err != nil {
		return err
	}
	// By name, because Windows allows a file that is open to append to no more
	// than that.
	return os.Truncate(l.f.Name(), info.Size()-int64(n))
}

// succeeded reports whether the job had, when it last ended.
func (l *Log) succeeded(job, command string, repeat int) bool {
	return l != nil && l.done[identify(job, command, repeat)]
}

func (l *Log) add(r *Result) error {
	if l == nil {
		return nil
	}
	line, err := marshal(r)
	if err != nil {
		return err
	}
	if n, err := l.f.Write(append(line, '\n')); err != nil {
		if n > 0 {
			err = errors.Join(err, l.dropTail(n)) // so that it can be written again
		}
		return fmt.Errorf("job log: %w", err)
	}
	return nil
}

// Close closes the file. It may be called more than once.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	if err := l.f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
