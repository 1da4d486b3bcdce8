package jobs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Results are a directory with one for each job, by its number: what it wrote, in
// the files stdout and stderr, and how it ended, in result.json.
type Results struct{ dir string }

// OpenResults makes the directory. One that has something in it is refused, unless
// again says that jobs run again are to replace what is there of them.
func OpenResults(dir string, again bool) (*Results, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 && !again {
		return nil, fmt.Errorf("%s is not empty; results go into a directory of their own", dir)
	}
	return &Results{dir}, nil
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

// KeepResults has an output that prints jobs whole keep them in r. It reports
// whether the output does that.
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
