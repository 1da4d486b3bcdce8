package jobs

import (
	"bufio"
	"encoding/base64"
	"io"
	"os"
	"unicode/utf8"
)

// JSON prints a line for each job that has ended: its result, with the output of its
// command in "stdout" and "stderr". If the output has bytes that are not UTF-8, they
// are replaced there, and "stdout_base64" or "stderr_base64" has the whole output.
func JSON(stdout io.Writer) Output {
	return &jsonLines{whole: whole{printer: printer{stdout: stdout}}}
}

type jsonLines struct{ whole }

func (j *jsonLines) open(label string, number int) (sink, error) {
	s, err := j.whole.open(label, number)
	if err != nil {
		return nil, err
	}
	return &jsonLine{s.(*kept), j}, nil
}

func (j *jsonLines) note(r *Result) error {
	line, err := marshal(r)
	if err != nil {
		return err
	}
	return j.print(func() error { return j.toStdout(append(line, '\n')) })
}

type jsonLine struct {
	*kept
	to *jsonLines
}

func (l *jsonLine) end(r *Result) error {
	defer l.close()
	if r == nil {
		return nil
	}
	if err := l.finish(r); err != nil {
		return err
	}
	object, err := marshal(r)
	if err != nil {
		return err
	}
	return l.to.print(func() error {
		w := bufio.NewWriterSize(l.to.stdout, 64<<10)
		w.Write(object[:len(object)-1])
		if err := writeField(w, "stdout", l.stdout); err != nil {
			return err
		}
		if err := writeField(w, "stderr", l.stderr); err != nil {
			return err
		}
		w.WriteString("}\n")
		return streamError("standard output", w.Flush())
	})
}

// writeField writes the content of f as one JSON string, without holding all of it in
// memory, and once more in base64 if a string can't represent it. Flush returns an
// error of writing.
func writeField(w *bufio.Writer, name string, f *os.File) error {
	w.WriteString(`,"` + name + `":"`)
	valid, err := writeString(w, f)
	w.WriteByte('"')
	if err != nil || valid {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w.WriteString(`,"` + name + `_base64":"`)
	e := base64.NewEncoder(base64.StdEncoding, w)
	_, err = io.Copy(e, f)
	e.Close()
	w.WriteByte('"')
	return err
}

// writeString reports whether the content of f is UTF-8.
func writeString(w *bufio.Writer, f *os.File) (valid bool, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	valid = true
	buffer := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := f.Read(buffer[kept:])
		data := buffer[:kept+n]
		end := len(data)
		if err == nil {
			end = wholeRunes(data)
		}
		valid = valid && utf8.Valid(data[:end])
		quoted, _ := marshal(string(data[:end]))
		w.Write(quoted[1 : len(quoted)-1])
		kept = copy(buffer, data[end:])
		if err == io.EOF {
			return valid, nil
		}
		if err != nil {
			return valid, err
		}
	}
}

// wholeRunes returns the index of the last rune of data if its end may be missing, and
// otherwise the length of data.
func wholeRunes(data []byte) int {
	for i := len(data) - 1; i >= max(0, len(data)-utf8.UTFMax); i-- {
		if utf8.RuneStart(data[i]) {
			if !utf8.FullRune(data[i:]) {
				return i
			}
			break
		}
	}
	return len(data)
}
