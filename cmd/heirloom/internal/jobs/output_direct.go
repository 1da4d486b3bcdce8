package jobs

import (
	"io"
	"os"
)

// Direct gives commands the run's own standard output and error, so the output of
// commands may be mixed. If these are not files, a pipe leads to them.
func Direct(stdout, stderr io.Writer) Output {
	out, ok1 := stdout.(*os.File)
	err, ok2 := stderr.(*os.File)
	if ok1 && ok2 {
		return direct{out, err}
	}
	return &piped{printer: printer{stdout: stdout, stderr: stderr}}
}

type direct struct{ stdout, stderr *os.File }

func (d direct) open(string, int) (sink, error)   { return d, nil }
func (d direct) note(*Result) error               { return nil }
func (d direct) full() bool                       { return false }
func (d direct) files() (stdout, stderr *os.File) { return d.stdout, d.stderr }

// begin ends the run when the reader of standard output goes away. It is not known whether
// a job wants to write, and a job may not report that it could not. A reader that had gone
// before the run began does not count.
func (d direct) begin(fail func(error)) (stop func()) {
	if readerGone(d.stdout) {
		return func() {}
	}
	return watchReader(d.stdout, func() { fail(streamError("standard output", errReaderGone)) })
}

// end ends the run after a job that failed, if the reader of its output has gone away:
// the next job would fail too.
func (d direct) end(r *Result) error {
	if r != nil && r.State == Failed && readerGone(d.stdout) {
		return streamError("standard output", errReaderGone)
	}
	return nil
}
