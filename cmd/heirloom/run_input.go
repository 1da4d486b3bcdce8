package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// input is a stream or a plan to run.
type input struct {
	stream jobs.Stream
	total  int // how many jobs the stream has; 0 if that is not known
	plan   *jobs.Plan
	empty  string // the message if there was nothing to run
	file   *os.File
	reads  bool // whether it reads standard input
}

func (in *input) close() {
	if in.file != nil {
		in.file.Close()
	}
}

// input splits the arguments, and finds the source of the jobs or values.
func (f *runFlags) input(args []string, stdin io.Reader, shell *jobs.Shell) (*input, error) {
	words, lists, err := splitArguments(args)
	if err != nil {
		return nil, err
	}
	if f.dryRun && len(words) > 1 && strings.Trim(words[0], "0123456789") == "" {
		return nil, fmt.Errorf("-n is --dry-run; -N %s gives each job %[1]s values", words[0])
	}
	command := strings.Join(words, " ")
	if len(words) > 0 && strings.TrimSpace(command) == "" {
		// Most likely a variable is not set. The values must not be run in its place.
		return nil, errors.New("the command is empty")
	}
	if f.template != "" {
		if command != "" {
			return nil, fmt.Errorf("--template %s is the command, and %q is another one; give values after ::: only", f.template, command)
		}
		command = f.template
	}
	switch {
	case f.pipe:
		return f.blocks(command, lists, stdin, shell)
	case len(lists) > 0 && f.file != "":
		return nil, errors.New("there are values after ::: and in a file; which ones?")
	case len(lists) > 0 && command == "":
		return f.commands(lists)
	case len(lists) == 1 && lists[0].files && len(lists[0].words) == 1:
		// One file is read as it comes.
		return f.source(lists[0].words[0], stdin, func(in *input, r *bufio.Reader) error {
			in.empty = fmt.Sprintf("%s has no values for %q", in.empty, command)
			return f.fromRows(in, command, f.lineRows(r), shell, 1, 0)
		})
	case len(lists) > 0:
		return f.combined(command, lists, stdin, shell)
	}
	if isTerminal(stdin) && f.file == "" {
		if command != "" {
			return nil, fmt.Errorf("no values for %q; give them after :::, in a file (-f) or on standard input", command)
		}
		return nil, errors.New("nothing to run; heirloom run --help says how to give commands")
	}
	if command == "" {
		return f.source(f.file, stdin, f.readJobs)
	}
	if f.format != formats[0] && f.format != "lines" {
		return nil, fmt.Errorf("with a command, the input has values, one on each line, and cannot be %s", f.format)
	}
	return f.source(f.file, stdin, func(in *input, r *bufio.Reader) error {
		in.empty = fmt.Sprintf("%s has no values for %q", in.empty, command)
		if f.file == "" && len(words) > 1 && strings.ContainsAny(words[0], " \t") {
			in.empty += "; commands themselves follow :::"
		}
		return f.fromRows(in, command, f.lineRows(r), shell, 1, 0)
	})
}

// sep returns the byte that ends a line.
func (f *runFlags) sep() byte {
	if f.null {
		return 0
	}
	return '\n'
}

// lineRows returns a row for each line. With -r, blank lines before the first value do not
// count: echo "$LIST" prints one if LIST is empty.
func (f *runFlags) lineRows(r io.Reader) jobs.Rows {
	rows := jobs.LineRows(r, f.sep())
	if f.noEmpty && !f.null {
		rows = rows.Unblank()
	}
	return rows
}

// source opens the file, or takes standard input for "" and "-", and makes jobs of it
// with read.
func (f *runFlags) source(name string, stdin io.Reader, read func(*input, *bufio.Reader) error) (*input, error) {
	in := &input{empty: name}
	r := stdin
	if name == "" || name == "-" {
		in.empty, in.reads = "standard input", true
	} else {
		file, err := openFile(name)
		if err != nil {
			return nil, err
		}
		r, in.file = file, file
	}
	buffered := bufio.NewReader(r)
	var err error
	if !in.reads && !f.null {
		err = jobs.SkipBOM(buffered) // a program that writes to a pipe adds no byte order mark
	}
	if err == nil {
		err = read(in, buffered)
	} else {
		err = fmt.Errorf("%s: %w", in.empty, err)
	}
	if err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

func openFile(name string) (*os.File, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, fmt.Errorf("%s is a directory", name)
	}
	return file, nil
}

// commands handles ::: without a command before it.
func (f *runFlags) commands(lists []list) (*input, error) {
	if lists[0].files {
		return nil, errors.New("there is no command for the values in the files after ::::; -f reads commands from a file")
	}
	if len(lists) > 1 {
		return nil, errors.New("there is no command for the values that several ::: combine")
	}
	if f.columns != nil || f.values > 0 || f.fill || f.tagString != "" {
		return nil, errors.New("there is no command for the values; what follows ::: would be commands")
	}
	for i, c := range lists[0].words {
		if strings.TrimSpace(c) == "" {
			return nil, fmt.Errorf("command %d after ::: is empty", i+1)
		}
	}
	return &input{stream: jobs.Commands(lists[0].words), total: len(lists[0].words), empty: "there are no commands after :::"}, nil
}

// combined handles values in several lists, or in one list that is known as a whole.
func (f *runFlags) combined(command string, lists []list, stdin io.Reader, shell *jobs.Shell) (*input, error) {
	in := &input{empty: fmt.Sprintf("there are no values for %q after :::", command)}
	var groups [][][]string // lists that are linked
	for _, l := range lists {
		for _, values := range [][]string{l.words} {
			sources := [][]string{values}
			if l.files {
				sources = nil
				for _, name := range values {
					read, err := f.readList(name, stdin, in)
					if err != nil {
						return nil, err
					}
					sources = append(sources, read)
				}
			}
			for _, source := range sources {
				if l.linked {
					last := len(groups) - 1
					groups[last] = append(groups[last], source)
				} else {
					groups = append(groups, [][]string{source})
				}
			}
		}
	}
	width, total := 0, 1
	var product [][][]string
	for _, g := range groups {
		rows, err := jobs.Link(g)
		if err != nil {
			return nil, err
		}
		width += len(g)
		product = append(product, rows)
		// An int of 32 bits can't be greater, and no run can be larger.
		if len(rows) > 0 && total > math.MaxInt32/len(rows) {
			return nil, errors.New("the lists have too many combinations")
		}
		total *= len(rows)
	}
	return in, f.fromRows(in, command, jobs.Product(product), shell, width, total)
}

// readList reads the values of a file that follows ::::.
func (f *runFlags) readList(name string, stdin io.Reader, in *input) ([]string, error) {
	if name == "-" {
		if in.reads {
			return nil, errors.New("standard input cannot be read twice")
		}
		in.reads = true
		return jobs.ReadValues(stdin, f.sep())
	}
	file, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := bufio.NewReader(file)
	if !f.null {
		if err := jobs.SkipBOM(r); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	values, err := jobs.ReadValues(r, f.sep())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return values, nil
}

// maxCommand is the longest command that is made of as many values as fit. Linux takes
// 128 KiB, and cmd.exe 8191 characters.
const maxCommand = 120 << 10

// fromRows makes jobs of rows of values. There are total rows, if total is not 0.
func (f *runFlags) fromRows(in *input, command string, rows jobs.Rows, shell *jobs.Shell, width, total int) error {
	o := jobs.TemplateOptions{Values: width, Plus: f.plus}
	if f.columns != nil {
		rows, o.Values = rows.Columns(f.columns), 0
	}
	if f.values > 0 {
		o.Values *= f.values
		total = (total + f.values - 1) / f.values
	}
	if !f.fill {
		o.Total = total
	} else {
		o.Values, total = 0, 0
	}
	known := total > 0
	t, err := jobs.ParseTemplate(command, shell, o)
	if err != nil {
		return err
	}
	switch {
	case f.fill:
		if err := t.CheckMany(); err != nil {
			return err
		}
		room := shell.Longest(maxCommand) - t.Fixed()
		if room <= 0 {
			return errors.New("the command is so long that no value fits into it")
		}
		rows = rows.Batches(f.values, t.Size, room)
	case f.values > 0:
		rows = rows.Batches(f.values, nil, 0)
	}
	if known && total <= maxChecked {
		// All rows can be checked before a job runs.
		if err := t.Check(rows); err != nil {
			return err
		}
	}
	in.stream, in.total = t.Jobs(rows), total
	if f.template != "" {
		in.stream = jobs.FromTemplate(in.stream, f.template)
	}
	return f.mark(in, jobs.TemplateOptions{Values: o.Values, Total: total, Plus: f.plus})
}

// mark gives jobs the requested tags.
func (f *runFlags) mark(in *input, o jobs.TemplateOptions) error {
	if f.tagString == "" {
		return nil
	}
	tag, err := jobs.ParseTag(f.tagString, o)
	if err != nil {
		return fmt.Errorf("--tagstring: %w", err)
	}
	in.stream = tag.Mark(in.stream)
	return nil
}

// maxChecked is how many jobs are checked before the first one runs.
const maxChecked = 1 << 20

// blocks handles --pipe.
func (f *runFlags) blocks(command string, lists []list, stdin io.Reader, shell *jobs.Shell) (*input, error) {
	if command == "" {
		return nil, errors.New("--pipe needs a command, which reads its part of the input")
	}
	if len(lists) > 0 {
		return nil, errors.New("--pipe has no values, so ::: cannot be used with it")
	}
	if isTerminal(stdin) && f.file == "" {
		return nil, errors.New("--pipe splits standard input, which is a terminal, or a file (-f)")
	}
	o := jobs.TemplateOptions{Bare: true, Plus: f.plus}
	t, err := jobs.ParseTemplate(command, shell, o)
	if err != nil {
		return nil, err
	}
	in := &input{empty: f.file, reads: true}
	if f.file != "" && f.file != "-" {
		if in.file, err = openFile(f.file); err != nil {
			return nil, err
		}
		stdin, in.reads = in.file, false
	} else {
		in.empty = "standard input"
	}
	in.empty += " is empty"
	in.stream = t.Blocks(stdin, f.sep(), int(f.block), f.values)
	if err := f.mark(in, o); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
