package jobs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"
)

// Rows are the values of jobs; each row has the values of one job. Like a [Stream],
// they may be endless, and the first error ends them.
type Rows iter.Seq2[[]string, error]

// LineRows returns a row of one value for each line of r. Lines end with sep.
func LineRows(r io.Reader, sep byte) Rows {
	return func(yield func([]string, error) bool) {
		for line, err := range split(r, sep) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield([]string{line}, nil) {
				return
			}
		}
	}
}

// Unblank leaves out the rows before the first one that has more than blanks.
func (rows Rows) Unblank() Rows {
	return func(yield func([]string, error) bool) {
		begun := false
		for row, err := range rows {
			begun = begun || err != nil || strings.TrimSpace(strings.Join(row, "")) != ""
			if begun && !yield(row, err) {
				return
			}
		}
	}
}

// Product returns a row for each combination of one row from each list, the last
// list changing fastest.
func Product(lists [][][]string) Rows {
	return func(yield func([]string, error) bool) {
		var combine func(depth int, chosen []string) bool
		combine = func(depth int, chosen []string) bool {
			if depth == len(lists) {
				return yield(append([]string(nil), chosen...), nil)
			}
			for _, row := range lists[depth] {
				if !combine(depth+1, append(chosen[:len(chosen):len(chosen)], row...)) {
					return false
				}
			}
			return true
		}
		combine(0, nil)
	}
}

// Columns splits each value of the rows at the matches of sep.
func (rows Rows) Columns(sep *regexp.Regexp) Rows {
	return func(yield func([]string, error) bool) {
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			var columns []string
			for _, v := range row {
				columns = append(columns, sep.Split(v, -1)...)
			}
			if !yield(columns, nil) {
				return
			}
		}
	}
}

// Batches joins the values of several rows into one row: of at most most rows, if that
// is not 0, and of at most room bytes, if size is not nil. size returns how many bytes
// a value takes.
func (rows Rows) Batches(most int, size func(value string) int, room int) Rows {
	return func(yield func([]string, error) bool) {
		var batch []string
		n, used := 0, 0
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			needs := 0
			if size != nil {
				for _, v := range row {
					needs += size(v)
				}
				if n > 0 && used+needs > room {
					if !yield(batch, nil) {
						return
					}
					batch, n, used = nil, 0, 0
				}
			}
			batch, n, used = append(batch, row...), n+1, used+needs
			if n == most {
				if !yield(batch, nil) {
					return
				}
				batch, n, used = nil, 0, 0
			}
		}
		if n > 0 {
			yield(batch, nil)
		}
	}
}

// Jobs returns a job for each row, with the template's command.
func (t *Template) Jobs(rows Rows) Stream {
	return func(yield func(*Job, error) bool) {
		n := 0
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			n++
			command, err := t.Expand(n, row)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&Job{Name: nameOf(row), Command: command, Values: row}, nil) {
				return
			}
		}
	}
}

// FromTemplate returns the jobs of s, with a template of another machine in place of
// their commands.
func FromTemplate(s Stream, name string) Stream {
	return func(yield func(*Job, error) bool) {
		for j, err := range s {
			if err == nil {
				j.Template = name
			}
			if !yield(j, err) {
				return
			}
		}
	}
}

// Check returns the error that Jobs would return. The rows must have an end.
func (t *Template) Check(rows Rows) error {
	for _, err := range t.Jobs(rows) {
		if err != nil {
			return err
		}
	}
	return nil
}

// maxName limits a name made of values, since it is in the environment of commands and
// before lines.
const maxName = 4 << 10

// nameOf returns the name of a job with these values, which distinguish it from the
// template's other jobs.
func nameOf(values []string) string {
	name := strings.Join(values, " ")
	if len(name) <= maxName || len(values) < 2 {
		return name
	}
	return fmt.Sprintf("%s … %s (%d values)", values[0], values[len(values)-1], len(values))
}

// Blocks returns a job for each part of the content of r, which the job's command
// reads. Records end with sep. If records is not 0, a part has that many records.
// Otherwise it has as many as fit into size bytes, and a record that is longer is a
// part of its own.
func (t *Template) Blocks(r io.Reader, sep byte, size, records int) Stream {
	return func(yield func(*Job, error) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		var block []byte
		held, n := 0, 0
		flush := func() bool {
			n++
			command, err := t.Expand(n, nil)
			if err != nil {
				yield(nil, err)
				return false
			}
			j := &Job{Name: fmt.Sprintf("block %d", n), Command: command, Stdin: block}
			block, held = nil, 0
			return yield(j, nil)
		}
		for {
			record, err := in.ReadBytes(sep)
			if len(block) > 0 && records == 0 && len(block)+len(record) > size && !flush() {
				return
			}
			if len(record) > 0 {
				block, held = append(block, record...), held+1
			}
			if records > 0 && held == records && !flush() {
				return
			}
			if err == io.EOF {
				if len(block) > 0 {
					flush()
				}
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// ReadValues returns the lines of r, which end with sep.
func ReadValues(r io.Reader, sep byte) (values []string, err error) {
	for line, err := range split(r, sep) {
		if err != nil {
			return nil, err
		}
		values = append(values, line)
	}
	return values, nil
}

// Link makes rows of lists: the first row has the first value of each list, and so on.
// It returns an error if the lists have different lengths.
func Link(lists [][]string) (rows [][]string, err error) {
	for i, v := range lists[0] {
		row := []string{v}
		for _, other := range lists[1:] {
			if len(other) != len(lists[0]) {
				return nil, fmt.Errorf("a list of %d values is linked with one of %d; each needs a partner", len(lists[0]), len(other))
			}
			row = append(row, other[i])
		}
		rows = append(rows, row)
	}
	for _, other := range lists[1:] {
		if len(other) != len(lists[0]) {
			return nil, fmt.Errorf("a list of %d values is linked with one of %d; each needs a partner", len(lists[0]), len(other))
		}
	}
	return rows, nil
}

// Size returns how many bytes a value takes in a command that has all the values.
func (t *Template) Size(value string) int {
	n := 0
	for i, p := range t.places {
		if p.kind == placeValue && p.nth == 0 {
			text, _ := t.seats[i].fill([]string{p.edit(value)})
			n += len(text) + 1
		}
	}
	return n
}

// Fixed returns the length of the command without its values.
func (t *Template) Fixed() int {
	n := len(strings.Join(t.texts, ""))
	return n + 32*len(t.places)
}

// CheckMany returns an error if the template cannot take any number of values.
func (t *Template) CheckMany() error {
	some := false
	for i, p := range t.places {
		if p.kind != placeValue {
			continue
		}
		if p.nth != 0 {
			return fmt.Errorf("%s asks for one value where there are as many as fit; write {}", p.text)
		}
		before, after := t.texts[i], t.texts[i+1]
		if before != "" && !bytes.ContainsAny([]byte(before[len(before)-1:]), " \t\n") ||
			after != "" && !bytes.ContainsAny([]byte(after[:1]), " \t\n;&|)") {
			return fmt.Errorf("%s is a part of a word, and becomes several with many values; let it be a word by itself", p.text)
		}
		some = true
	}
	if !some {
		return errors.New("the command takes no values")
	}
	return nil
}
