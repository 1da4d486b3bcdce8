package jobs

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// A Log is the file to which a run writes the result of each job, in a line, when the
// job ends. After a crash all of its lines are whole, except perhaps the last.
type Log struct {
	f       *os.File
	regular bool                  // whether it is a file, rather than a device or a pipe
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

// CreateLog starts an empty log in place of an earlier one. It refuses a file that is
// something else, which must have been named by mistake.
func CreateLog(path string) (*Log, error) {
	l, err := openLog(path, os.O_WRONLY)
	if err != nil || !l.regular {
		return l, err
	}
	if err = checkLog(path); err == nil {
		err = os.Truncate(path, 0) // by its name, as in dropTail
	}
	if err != nil {
		l.f.Close()
		return nil, err
	}
	return l, nil
}

// checkLog returns an error if the file is neither empty nor begins with a line of a
// log. Of one that is torn, or very long, only the beginning is checked.
func checkLog(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	first, err := bufio.NewReader(io.LimitReader(f, 1<<20)).ReadBytes('\n')
	if err != nil && err != io.EOF {
		return err
	}
	torn := err == io.EOF && (bytes.HasPrefix(first, []byte(`{"number":`)) || bytes.HasPrefix(first, []byte(`{"run":`)))
	if _, err := parseLine(first); err != nil && len(first) > 0 && !torn {
		return fmt.Errorf("%s: the file is no job log, and is not overwritten", path)
	}
	return nil
}

// ResumeLog opens the log of earlier runs, if it exists. The run reads from it which
// jobs have succeeded, and adds to it.
func ResumeLog(path string) (*Log, error) {
	l, err := openLog(path, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	l.jobs = map[identity]*history{}
	tail, err := l.read()
	if err == nil {
		err = l.dropTail(tail)
	}
	if err != nil {
		l.f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
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
	l.f = f
	if _, err := l.read(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// openLog opens a log to write to it. Two runs must not write to the same one: the
// second would empty it, or run the jobs of the first again. Devices and pipes are
// nobody's log.
func openLog(path string, mode int) (*Log, error) {
	f, err := os.OpenFile(path, mode|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	l := &Log{f: f, regular: err == nil && info.Mode().IsRegular()}
	if l.regular && !lock(f) {
		f.Close()
		return nil, fmt.Errorf("%s: another run writes to this log", path)
	}
	return l, nil
}

// read reads the lines, and returns the length of one that was never finished, which may
// follow the last newline.
func (l *Log) read() (tail int, err error) {
	lines := bufio.NewReader(l.f)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return len(line), nil
		}
		if err != nil {
			return 0, err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		r, err := parseLine(line)
		if err != nil {
			return 0, fmt.Errorf("line %d is not a line of a job log", n)
		}
		if r.Run != "" {
			l.run = r.Run
			continue
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
}

// A logLine is a line of either kind.
type logLine struct {
	Result
	logRun
}

func parseLine(line []byte) (r logLine, err error) {
	if err = json.Unmarshal(line, &r); err == nil && r.Run == "" && r.State == "" {
		err = errors.New("it is an object of some other kind")
	}
	return r, err
}

func (l *Log) dropTail(n int) error {
	if n == 0 {
		return nil
	}
	info, err := l.f.Stat()
	if err != nil {
		return err
	}
	// The file is truncated by its name, because Windows allows nothing else than
	// appending to a file that is open for that.
	return os.Truncate(l.f.Name(), info.Size()-int64(n))
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

// attemptID returns the ID of an [Attempt]. Each attempt at each job has another one,
// and so has each attempt after the job has ended and is run again.
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
	if n, err := l.f.Write(append(line, '\n')); err != nil {
		if n > 0 && l.regular {
			err = errors.Join(err, l.dropTail(n)) // so that the line can be written again
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
