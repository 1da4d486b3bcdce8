package jobs

import (
	"cmp"
	"io"
	"os"
	"sync"
)

// Whole keeps the output of each job until the job has ended, and then prints it in one
// piece. It uses files without a name, so memory does not grow with the output.
func Whole(stdout, stderr io.Writer, endLines bool) Output {
	return &whole{printer: printer{stdout: stdout, stderr: stderr, endLines: endLines}}
}

// Ordered is Whole, with the pieces in the order in which the jobs were started.
func Ordered(stdout, stderr io.Writer, endLines bool) Output {
	return &whole{
		printer: printer{stdout: stdout, stderr: stderr, endLines: endLines},
		queue:   &queue{waiting: map[int]*kept{}},
	}
}

type whole struct {
	printer
	queue   *queue                                // nil if output is printed as jobs end
	results *Results                              // where the files are; nil if they have no names
	tag     func(label string, number int) string // the prefix of lines; nil for none
}

// A queue orders what jobs print.
type queue struct {
	opened int // only open uses it

	mu      sync.Mutex
	next    int // the number whose turn it is
	waiting map[int]*kept
	holding int // how many of the waiting jobs have output, and so hold files open
}

// maxHolding limits the jobs whose files wait for their turn. With two files for each
// job, it stays well below the 1024 files that a process may have open on many systems.
const maxHolding = 256

func (w *whole) full() bool {
	if w.queue == nil {
		return false
	}
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	return w.queue.holding >= maxHolding
}

func (w *whole) note(*Result) error { return nil }

func (w *whole) open(label string, number int) (sink, error) {
	k := &kept{to: w, number: number}
	if w.tag != nil {
		k.prefix = w.tag(label, number)
	}
	var err error
	if k.stdout, err = w.file(number, "stdout"); err != nil {
		return nil, err
	}
	if k.stderr, err = w.file(number, "stderr"); err == nil {
		err = spaceFor(k.stdout)
	}
	if err != nil {
		k.close()
		return nil, err
	}
	if w.queue != nil {
		k.turn = w.queue.opened
		w.queue.opened++
	}
	return k, nil
}

// file opens a file for one of a job's streams.
func (w *whole) file(number int, stream string) (*os.File, error) {
	if w.results != nil {
		return w.results.create(number, stream)
	}
	return unnamedFile()
}

// kept is the output of one job.
type kept struct {
	to             *whole
	number         int
	turn           int
	prefix         string // of lines
	stdout, stderr *os.File
	finished       bool
}

func (k *kept) files() (stdout, stderr *os.File) { return k.stdout, k.stderr }

// private marks a sink with files to which no other job writes, so that output can be taken
// back.
func (k *kept) private() {}

// finish records the end of the job before its output is printed. A command that can't
// write may not notice or not care, so its output is known to be whole only if there is
// still space on the disk.
func (k *kept) finish(r *Result) error {
	if r == nil || k.finished {
		return nil
	}
	if err := spaceFor(k.stdout); err != nil && r.State == OK {
		r.State, r.Error = Failed, cutShort(err)
	}
	if k.to.results != nil {
		if err := k.to.results.finish(r); err != nil {
			return err
		}
	}
	k.finished = true
	return nil
}

func (k *kept) end(r *Result) error {
	if err := k.finish(r); err != nil {
		k.close()
		return err
	}
	q := k.to.queue
	if q == nil {
		return k.print()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if k.turn != q.next && k.empty() {
		k.close()
	} else if k.turn != q.next {
		q.holding++
	}
	q.waiting[k.turn] = k
	var err error
	for next := q.waiting[q.next]; next != nil; next = q.waiting[q.next] {
		delete(q.waiting, q.next)
		if next.stdout != nil {
			if next != k {
				q.holding--
			}
			err = cmp.Or(err, next.print())
		}
		q.next++
	}
	return err
}

// print prints the output, and drops it.
func (k *kept) print() error {
	defer k.close()
	if k.empty() {
		return nil
	}
	return k.to.print(func() error {
		if err := k.to.copy("standard output", k.to.stdout, k.stdout, k.prefix); err != nil {
			return err
		}
		return k.to.copy("standard error", k.to.stderr, k.stderr, k.prefix)
	})
}

func (k *kept) empty() bool {
	for _, f := range []*os.File{k.stdout, k.stderr} {
		if info, err := f.Stat(); err != nil || info.Size() > 0 {
			return false
		}
	}
	return true
}

func (k *kept) close() {
	for _, f := range []*os.File{k.stdout, k.stderr} {
		if f != nil {
			f.Close()
		}
	}
	k.stdout, k.stderr = nil, nil
}

// copy writes the content of f, with the prefix before each line if it is not empty.
func (p *printer) copy(name string, w io.Writer, f *os.File, prefix string) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if prefix != "" {
		var failed error
		err := passOn(f, prefix, func(lines []byte) {
			if failed == nil {
				_, failed = w.Write(lines)
			}
		})
		return cmp.Or(err, streamError(name, failed))
	}
	if err := copyFile(w, f); err != nil {
		return streamError(name, err)
	}
	if p.endLines {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, size-1); err == nil && last[0] != '\n' {
			_, err := w.Write([]byte{'\n'})
			return streamError(name, err)
		}
	}
	return nil
}
