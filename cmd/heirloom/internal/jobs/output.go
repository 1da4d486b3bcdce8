package jobs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// An Output is where the output of jobs goes, and how. Its methods may be called
// by several goroutines, but for open, which the run itself calls for each job it
// starts, in that order.
type Output interface {
	open(label string, number int) (sink, error)

	// note is told of a job that ended without being started.
	note(r *Result) error

	// full reports whether so much waits to be printed that no further job may be
	// started before a running one has ended.
	full() bool
}

// A sink takes what one job's command writes, in all its attempts.
type sink interface {
	// files returns what the command gets for standard output and error.
	files() (stdout, stderr *os.File)

	// end is called when the job has ended, or was never started after all. What
	// of the job's output has not been printed is printed, or will be.
	end(r *Result) error
}

// A printer writes to the run's own streams, one piece at a time.
type printer struct {
	stdout, stderr io.Writer
	endLines       bool // add the newline that a job's output may lack at its end

	mu  sync.Mutex
	err error // the first one, after which nothing is written
}

// print calls write, which nobody else's writing comes between.
func (p *printer) print(write func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = write()
	}
	return p.err
}

func streamError(name string, err error) error {
	if err == nil {
		return nil
	}
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("cannot write to %s: %w", name, err)
}

func (p *printer) toStdout(b []byte) error {
	_, err := p.stdout.Write(b)
	return streamError("standard output", err)
}

func (p *printer) toStderr(b []byte) error {
	_, err := p.stderr.Write(b)
	return streamError("standard error", err)
}
