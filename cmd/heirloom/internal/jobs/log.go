package jobs

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
)

// A Log is the file to which a run writes the result of each job, in a line, when the
// job ends. After a crash all of its lines are whole, except perhaps the last.
type Log struct {
	f       *os.File
	w       io.Writer             // what writes to f, if not f itself
	written atomic.Bool           // whether anything has been written
	regular bool                  // whether it is a file of its own: no device, no pipe, and no descriptor
	run     string                // the run's name, see Run
	jobs    map[identity]*history // from earlier runs
}

// A history is what happened to a job in earlier runs.
type history struct {
	succeeded bool // at its last end
	ends      int  // how many times it ended
}

// A logRun is a line that names the run which wrote the following lines.
type logRun struct {
	Run string `json:"run"`
}

// An identity distinguishes a job from all others, in this run and in the next. It
// consists of the job's name, its command, and the number of jobs before it for which
// these are the same. (It is a digest, so that memory does not grow with the length of
// commands.)
type identity [16]byte

func identify(job, command string, repeat int) identity {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %s%s", repeat, len(job), job, command)
	return identity(h.Sum(nil))
}

// succeeded reports whether the job succeeded when it last ended.
func (l *Log) succeeded(job, command string, repeat int) bool {
	h := l.before(job, command, repeat)
	return h != nil && h.succeeded
}

// before returns the job's history, or nil if it has none.
func (l *Log) before(job, command string, repeat int) *history {
	if l == nil {
		return nil
	}
	return l.jobs[identify(job, command, repeat)]
}

// Run returns the name of the log's run, which stays the same when the run is resumed.
// A log without a name gets one, and keeps it.
func (l *Log) Run() (string, error) {
	if l.run == "" {
		l.run = rand.Text()
		if err := l.write(logRun{l.run}); err != nil {
			return "", err
		}
	}
	return l.run, nil
}

// attemptID returns the ID of an [Attempt]. No two attempts have the same, even after the
// job has ended and is run again.
func (l *Log) attemptID(n *node, attempt int) string {
	if l == nil {
		return ""
	}
	ends := 0
	if h := l.before(n.name, n.Command, n.repeat); h != nil {
		ends = h.ends
	}
	id := identify(n.name, n.Command, n.repeat)
	return fmt.Sprintf("%x-%d-%d", id[:], ends, attempt)
}

func (l *Log) add(r *Result) error {
	if l == nil {
		return nil
	}
	return l.write(r)
}

// write adds a line.
func (l *Log) write(v any) error {
	line, err := marshal(v)
	if err != nil {
		return err
	}
	var w io.Writer = l.f
	if l.w != nil {
		w = l.w
	}
	l.written.Store(true)
	if n, err := w.Write(append(line, '\n')); err != nil {
		if n > 0 && l.regular {
			err = errors.Join(err, dropTail(l.f, n)) // so that the line can be written again
		}
		return fmt.Errorf("job log: %w", err)
	}
	return nil
}

// Through makes a log on standard output or standard error write through the given writers,
// which keep its lines apart from others.
func (l *Log) Through(stdout, stderr io.Writer) {
	switch {
	case l == nil:
	case l.f == os.Stdout:
		l.w = stdout
	case l.f == os.Stderr:
		l.w = stderr
	}
}

// watch calls fail when a reader of the log that has had something to read goes away.
func (l *Log) watch(fail func(error)) (stop func()) {
	if l == nil || l.regular {
		return func() {}
	}
	return watchReader(l.f, func() {
		if l.written.Load() {
			fail(fmt.Errorf("job log: write %s: %w", l.f.Name(), errReaderGone))
		}
	})
}

// Close closes the file, unless others write to it too. It may be called more than once.
func (l *Log) Close() error {
	if l == nil || l.f == os.Stdout || l.f == os.Stderr {
		return nil
	}
	if err := l.f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// dropTail removes the last n bytes.
func dropTail(f *os.File, n int) error {
	if n == 0 {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return truncate(f, info.Size()-int64(n))
}

// truncate truncates f itself. Its name may belong to another file by now.
func truncate(f *os.File, size int64) error {
	err := f.Truncate(size)
	if err == nil || runtime.GOOS != "windows" {
		return err
	}
	// Windows allows nothing else than appending to a file that is open for that.
	again, err := os.OpenFile(f.Name(), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer again.Close()
	if err := sameFile(f, again); err != nil {
		return err
	}
	return again.Truncate(size)
}

// sameFile returns an error if the file of f has another one in its place.
func sameFile(f, again *os.File) error {
	here, err := f.Stat()
	if err != nil {
		return err
	}
	there, err := again.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(here, there) {
		return fmt.Errorf("%s: another file has taken its place", f.Name())
	}
	return nil
}
