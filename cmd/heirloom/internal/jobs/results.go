package jobs

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// Results are a directory that has, for each job, a directory named after its number,
// with its output in the files stdout and stderr, and its result in result.json.
type Results struct {
	dir    string
	locked *os.File // the directory
}

// OpenResults makes the directory. It refuses one that is not empty, unless again is
// true: then jobs that run again replace their earlier results. It also refuses one of
// another run that goes on.
func OpenResults(dir string, again bool) (*Results, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	r := &Results{dir, f}
	if err := r.check(again); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

func (r *Results) check(again bool) error {
	if !lock(r.locked) {
		return fmt.Errorf("%s: another run keeps its results there", r.dir)
	}
	_, err := r.locked.Readdirnames(1)
	if err != nil && err != io.EOF {
		return err
	}
	if err == nil && !again {
		return fmt.Errorf("%s is not empty; results go into a directory of their own", r.dir)
	}
	return nil
}

// Close lets other runs keep results in the directory. It may be called more than once.
func (r *Results) Close() {
	if r != nil {
		r.locked.Close()
	}
}

func (r *Results) create(number int, name string) (*os.File, error) {
	dir := filepath.Join(r.dir, strconv.Itoa(number))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

func (r *Results) finish(res *Result) error {
	text, err := marshal(res)
	if err != nil {
		return err
	}
	f, err := r.create(res.Number, "result.json")
	if err != nil {
		return err
	}
	if _, err := f.Write(append(text, '\n')); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// KeepResults makes an output that prints jobs whole keep their output in r. It returns
// false for other outputs.
func KeepResults(o Output, r *Results) bool {
	switch o := o.(type) {
	case *whole:
		o.results = r
	case *jsonLines:
		o.results = r
	default:
		return false
	}
	return true
}
