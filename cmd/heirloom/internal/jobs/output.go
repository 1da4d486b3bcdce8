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
	// begin is called before all else, with what is to be told the first failure to
	// print. After the run, stop is called.
	begin(fail func(error)) (stop func())

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

	mu      sync.Mutex
	written bool  // whether anything has been
	err     error // the first one, after which nothing is written
	fail    func(error)
}

// begin watches standard output, so that the run ends when its reader has gone away
// and not only with the next piece, which may never come. A reader that goes away
// before there was anything to read may be one that wants nothing.
func (p *printer) begin(fail func(error)) (stop func()) {
	p.fail = fail
	out, ok := p.stdout.(*os.File)
	if !ok {
		return func() {}
	}
	return watchReader(out, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.written && p.err == nil {
			p.broken(streamError("standard output", errReaderGone))
		}
	})
}

// broken takes note of the first error. It is called with mu held.
func (p *printer) broken(err error) {
	p.err = err
	if p.fail != nil {
		p.fail(err)
	}
}

// print calls write, which nobody else's writing comes between.
func (p *printer) print(write func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	p.written = true
	if err := write(); err != nil {
		p.broken(err)
	}
	return p.err
}

func streamError(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot write to %s: %w", name, withoutPath(err))
}

// withoutPath is err without the operation and the path.
func withoutPath(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func (p *printer) toStdout(b []byte) error {
	_, err := p.stdout.Write(b)
	return streamError("standard output", err)
}

func (p *printer) toStderr(b []byte) error {
	_, err := p.stderr.Write(b)
	return streamError("standard error", err)
}
