package jobs

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/display"
	"github.com/heirloom-go/heirloom/task"
)

// Prefixed prints the output of jobs as it comes, line by line. Before each line it
// prints the name of the job, in the job's own colour if coloured is true.
func Prefixed(stdout, stderr io.Writer, coloured bool) Output {
	return &piped{
		printer: printer{stdout: stdout, stderr: stderr},
		prefix:  func(label string, number int) string { return linePrefix(label, number, coloured) },
	}
}

// TagLines makes an output that prints jobs whole put the name of the job before each
// line, as Prefixed does.
func TagLines(o Output, coloured bool) {
	if w, ok := o.(*whole); ok {
		w.tag = func(label string, number int) string { return linePrefix(label, number, coloured) }
	}
}

// maxLabel limits the name before a line, in columns.
const maxLabel = 24

// Colours that can be read on light and on dark: cyan, yellow, green, magenta,
// blue, and the bright ones of these. Red is for errors.
var colours = []int{36, 33, 32, 35, 34, 96, 93, 92, 95, 94}

func linePrefix(label string, number int, coloured bool) string {
	label = display.Cut(display.Line(label), maxLabel)
	if !coloured {
		return "[" + label + "] "
	}
	return fmt.Sprintf("\x1b[%dm[%s]\x1b[0m ", colours[(number-1)%len(colours)], label)
}

// piped is an Output that reads from pipes what commands write.
type piped struct {
	printer
	prefix func(label string, number int) string // nil: output is passed on as it comes
}

func (p *piped) note(*Result) error { return nil }
func (p *piped) full() bool         { return false }

func (p *piped) open(label string, number int) (sink, error) {
	s := &pipes{to: p}
	if p.prefix != nil {
		s.prefix = p.prefix(label, number)
	}
	var err error
	if s.stdout, err = s.pipe(p.toStdout); err != nil {
		return nil, err
	}
	if s.stderr, err = s.pipe(p.toStderr); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// pipes is the output of one job: two pipes, and a task that reads each.
type pipes struct {
	to             *piped
	prefix         string
	stdout, stderr *os.File // the ends to which the command writes
	readers        []*os.File
	reading        []*task.Task[struct{}]
}

func (s *pipes) pipe(write func([]byte) error) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	// The task reads to the end of the pipe, which comes with the end of the job, however
	// the job ends: the command must not be left alone with a full pipe. Therefore the
	// task has no parent.
	s.readers = append(s.readers, r)
	s.reading = append(s.reading, task.Go(context.Background(), func(context.Context) (struct{}, error) {
		return struct{}{}, s.read(r, write)
	}))
	return w, nil
}

func (s *pipes) files() (stdout, stderr *os.File) { return s.stdout, s.stderr }

// end waits for the last of the output. The command and its family are gone, so the
// rest is in the pipes already, unless a process that left the family has them open.
// Such a process gets a second.
func (s *pipes) end(*Result) error { return s.close() }

func (s *pipes) close() error {
	for _, w := range []*os.File{s.stdout, s.stderr} {
		if w != nil {
			w.Close()
		}
	}
	var first error // the other error is mostly the same
	for i, reading := range s.reading {
		s.readers[i].SetReadDeadline(time.Now().Add(time.Second))
		_, err := reading.Await(context.Background())
		first = cmp.Or(first, err)
		s.readers[i].Close()
	}
	return first
}

// read passes on what comes from r until its end. It goes on reading after a failed
// write, because that ends the run, and with it the command at the other end.
func (s *pipes) read(r *os.File, write func([]byte) error) error {
	var failed error
	emit := func(b []byte) {
		if failed == nil {
			failed = s.to.print(func() error { return write(b) })
		}
	}
	err := passOn(&lastReader{file: r, left: largestPipe}, s.prefix, emit)
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return failed
	}
	return errors.Join(failed, err)
}

// largestPipe is more than a pipe holds, unless an administrator has allowed more.
const largestPipe = 1 << 20

// A lastReader reads what is in a pipe even after the deadline, at which a read of an
// [os.File] returns nothing. The reader may be late: on a busy machine, or because what
// reads our own output is slow. It reads a limited amount, since a process that left
// the family may go on writing for ever.
type lastReader struct {
	file *os.File
	left int // how much more it reads after the deadline
}

func (l *lastReader) Read(b []byte) (int, error) {
	n, err := l.file.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) && l.left > 0 {
		n, err = readNow(l.file, b[:min(len(b), l.left)])
		l.left -= n
	}
	return n, err
}

// passOn calls emit with what comes from r until its end. If prefix is empty, it does
// so as the data comes; otherwise it passes on lines, each after the prefix. It splits
// lines longer than 64 KiB.
func passOn(r io.Reader, prefix string, emit func([]byte)) error {
	buffer := make([]byte, 64<<10)
	var lines []byte // with prefixes, ready to write
	kept := 0        // how many bytes at the start of the buffer begin a line
	for {
		n, err := r.Read(buffer[kept:])
		data := buffer[:kept+n]
		if prefix == "" {
			if n > 0 {
				emit(data)
			}
			data = nil
		}
		lines = lines[:0]
		for {
			line, rest, found := bytes.Cut(data, []byte{'\n'})
			if !found {
				break
			}
			lines = append(append(append(lines, prefix...), line...), '\n')
			data = rest
		}
		// The last line may have no newline, and a line may be too long to be kept.
		if len(data) > 0 && (err != nil || len(data) == len(buffer)) {
			lines = append(append(append(lines, prefix...), data...), '\n')
			data = nil
		}
		if len(lines) > 0 {
			emit(lines)
		}
		kept = copy(buffer, data)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
