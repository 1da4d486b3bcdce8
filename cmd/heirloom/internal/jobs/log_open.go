package jobs

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// CreateLog starts an empty log in place of an earlier one. It refuses a file that is
// something else, which must have been named by mistake. A path that names a descriptor
// of this process, as /dev/stderr, and "-", for standard output, means what the
// descriptor writes to, and nothing there is replaced.
func CreateLog(path string) (*Log, error) {
	if f, err := openDescriptor(path); f != nil || err != nil {
		return &Log{f: f}, err
	}
	l, err := openLog(path, os.O_WRONLY)
	if err != nil || !l.regular {
		return l, err
	}
	if err = l.check(); err == nil {
		err = truncate(l.f, 0)
	}
	if err != nil {
		l.f.Close()
		return nil, err
	}
	return l, nil
}

// check returns an error if the file is neither empty nor begins with a line of a log.
// Of one that is torn, or very long, only the beginning is checked.
func (l *Log) check() error {
	f, err := os.Open(l.f.Name()) // l.f is not open for reading
	if err != nil {
		return err
	}
	defer f.Close()
	if err := sameFile(l.f, f); err != nil {
		return err
	}
	lines := bufio.NewReader(io.LimitReader(f, 1<<20))
	marked := SkipBOM(lines)
	first, err := lines.ReadBytes('\n')
	if err != nil && err != io.EOF {
		return err
	}
	if _, wrong := parseLine(first); marked != nil || wrong != nil && len(first) > 0 && !(err == io.EOF && torn(first, true)) {
		return fmt.Errorf("%s: the file is not a job log, and is not overwritten", l.f.Name())
	}
	return nil
}

// ResumeLog opens the log of earlier runs, if it exists. The run reads from it which
// jobs have succeeded, and adds to it.
func ResumeLog(path string) (*Log, error) {
	// Opening or reading a pipe may block for ever.
	own, err := openDescriptor(path)
	if info, no := os.Stat(path); own != nil || err != nil || no == nil && !info.Mode().IsRegular() && !isNull(info) {
		return nil, cmp.Or(err, fmt.Errorf("%s: only a file can be resumed from", path))
	}
	l, err := openLog(path, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	l.jobs = map[identity]*history{}
	tail, err := l.read(l.f)
	if err == nil {
		err = l.mend(tail)
	}
	if err != nil {
		l.f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// isNull reports whether the file is the null device, which reads as an empty log does.
func isNull(info os.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}

// ReadLog reads the log of earlier runs, if it exists, or of one that still runs. It
// changes nothing, and nothing can be added.
func ReadLog(path string) (*Log, error) {
	l := &Log{jobs: map[identity]*history{}}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := l.read(f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l.f = f
	return l, nil
}

// openLog opens a log to write to it. Two runs must not write to the same one: the
// second would empty it, or run the jobs of the first again. Nor may standard
// output or standard error go to the same file. Devices and pipes are not locked.
func openLog(path string, mode int) (*Log, error) {
	f, err := os.OpenFile(path, mode|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	l := &Log{f: f, regular: err == nil && info.Mode().IsRegular()}
	if !l.regular {
		return l, nil
	}
	for name, stream := range map[string]*os.File{"output": os.Stdout, "error": os.Stderr} {
		if own, err := stream.Stat(); err == nil && os.SameFile(info, own) {
			f.Close()
			return nil, fmt.Errorf("%s: standard %s goes to the same file", path, name)
		}
	}
	if !lock(f) {
		f.Close()
		return nil, fmt.Errorf("%s: another run writes to this log", path)
	}
	return l, nil
}
