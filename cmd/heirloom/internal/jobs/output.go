package jobs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// An Output determines where and how the output of jobs is printed. Its methods are
// safe for concurrent use, except open, which the run calls for each job that it
// starts, in that order.
type Output interface {
	// begin is called first, with a function that receives the first failure to print.
	// After the run, stop is called.
	begin(fail func(error)) (stop func())

	open(label string, number int) (sink, error)

	// note is called for a job that ended without being started.
	note(r *Result) error

	// full reports whether so much output waits to be printed that no further job may be
	// started before a running one has ended.
	full() bool
}

// A sink takes the output of one job's command, from all attempts.
type sink interface {
	// files returns the command's standard output and standard error.
	files() (stdout, stderr *os.File)

	// end is called when the job has ended, or was not started after all. The rest of the
	// job's output is printed now or later.
	end(r *Result) error
}

// A printer writes to the run's own streams, one piece at a time.
type printer struct {
	stdout, stderr io.Writer
	endLines       bool // add the newline that may be missing at the end of a job's output

	mu      sync.Mutex
	written bool  // whether anything has been written
	err     error // the first error, after which nothing is written
	fail    func(error)
}

// begin watches standard output, so that the run ends when its reader goes away, and
// not only with the next piece, which may never come. If a reader goes away before
// there was anything to read, it may be one that reads nothing, and the run goes on.
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

// broken records the first error. mu is held.
func (p *printer) broken(err error) {
	p.err = err
	if p.fail != nil {
		p.fail(err)
	}
}

// print calls write while nothing else is written.
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

// withoutPath returns err without the operation and the path.
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
