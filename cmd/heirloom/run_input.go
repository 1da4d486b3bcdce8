package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// input is what is to be run: one of its fields is set.
type input struct {
	stream jobs.Stream
	plan   *jobs.Plan
	file   *os.File
}

func (in *input) close() {
	if in.file != nil {
		in.file.Close()
	}
}

// input takes the arguments apart, and finds where the rest comes from.
func (f *runFlags) input(args []string, stdin io.Reader, shell *jobs.Shell) (*input, error) {
	words, lists := splitLists(args)
	command := strings.Join(words, " ")
	if len(lists) > 0 {
		if f.file != "" {
			return nil, errors.New("there are values after ::: and in a file; which ones?")
		}
		if command != "" {
			template, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: len(lists)})
			if err != nil {
				return nil, err
			}
			return &input{stream: jobs.Values(template, lists)}, nil
		}
		if len(lists) > 1 {
			return nil, errors.New("there is no command to combine the values of several ::: in")
		}
		return &input{stream: jobs.Commands(lists[0])}, nil
	}

	in := new(input)
	name := "standard input"
	if f.file != "" && f.file != "-" {
		file, err := os.Open(f.file)
		if err != nil {
			return nil, err
		}
		if info, err := file.Stat(); err == nil && info.IsDir() {
			file.Close()
			return nil, fmt.Errorf("%s is a directory", f.file)
		}
		name, stdin, in.file = f.file, file, file
	} else if isTerminal(stdin) && f.file == "" {
		if command != "" {
			return nil, fmt.Errorf("no values for %q; give them after :::, in a file (-f) or on standard input", command)
		}
		return nil, errors.New("nothing to run; heirloom run --help tells how to give commands")
	}
	sep := byte('\n')
	if f.null {
		sep = 0
	}
	if command != "" {
		if f.format != formats[0] && f.format != "lines" {
			return nil, fmt.Errorf("with a command, what is read are values, one on a line, and not %s", f.format)
		}
		template, err := jobs.ParseTemplate(command, shell, jobs.TemplateOptions{Values: 1})
		if err != nil {
			return nil, err
		}
		in.stream = jobs.ValueLines(template, stdin, sep)
		return in, nil
	}
	return in, f.readJobs(in, name, bufio.NewReader(stdin), sep)
}

// splitLists cuts the arguments at each ":::".
func splitLists(args []string) (command []string, lists [][]string) {
	for {
		i := slices.Index(args, ":::")
		if i < 0 {
			i = len(args)
		}
		if lists == nil {
			command, lists = args[:i], [][]string{}
		} else {
			lists = append(lists, args[:i])
		}
		if i == len(args) {
			return command, lists
		}
		args = args[i+1:]
	}
}

func (f *runFlags) readJobs(in *input, name string, r *bufio.Reader, sep byte) error {
	decode := jobs.DecodeTOML
	switch f.formatOf(r) {
	case "lines":
		in.stream = jobs.Lines(r, sep)
		return nil
	case "jsonl":
		decode = jobs.DecodeJSONLines
	}
	root, err := decode(r)
	if err == nil {
		in.plan, err = jobs.NewPlan(root)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// formatOf is the format that was asked for, or that the file's name tells, or
// else its text: an object that begins the first line makes it JSON lines.
func (f *runFlags) formatOf(r *bufio.Reader) string {
	if f.format != formats[0] {
		return f.format
	}
	switch strings.ToLower(filepath.Ext(f.file)) {
	case ".toml":
		return "toml"
	case ".jsonl", ".ndjson", ".json":
		return "jsonl"
	}
	braced := false
	for n := 1; ; n++ {
		head, err := r.Peek(n) // which waits for no more than it has to
		if err != nil {
			return "lines"
		}
		switch last := head[n-1]; {
		case strings.IndexByte(" \t\r\n", last) >= 0:
		case last == '{' && !braced:
			braced = true
		case braced && (last == '"' || last == '}'):
			return "jsonl"
		default:
			return "lines"
		}
	}
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
