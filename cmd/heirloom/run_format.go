package main

import (
	"bufio"
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/heirloom-go/heirloom/cmd/heirloom/internal/jobs"
)

// readJobs makes a stream or a plan from a jobs' file.
func (f *runFlags) readJobs(in *input, r *bufio.Reader) error {
	name := in.empty
	in.empty = "there are no jobs in " + name
	if f.columns != nil || f.values > 0 || f.fill || f.tagString != "" {
		return fmt.Errorf("--colsep, --max-values, --fill and --tagstring are for values, and %s has commands", name)
	}
	if in.reads {
		if err := jobs.SkipBOM(r); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	decode := jobs.DecodeTOML
	switch f.formatOf(r) {
	case "lines":
		in.stream = jobs.Lines(r, f.sep())
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

// formatOf returns the requested format or, if none was requested, the one that the
// name of the file implies. Otherwise the text decides: an object at the beginning of
// the first line means JSON lines, and the first table of jobs means TOML.
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
	if f.null {
		return "lines"
	}
	braced, comment := false, false
	start := 0 // of the line
	for n := 1; ; n++ {
		head, err := r.Peek(n) // waits for no more than is needed
		if err != nil {
			return "lines"
		}
		line := head[start:]
		switch last := head[n-1]; {
		case last == '\n' && !braced:
			comment, start = false, n
		case comment:
		case strings.IndexByte(" \t\r\n", last) >= 0:
		case last == '#' && !braced && len(bytes.TrimSpace(line)) == 1:
			comment = true // in lines and in TOML
		case last == '{' && !braced && len(bytes.TrimSpace(line)) == 1:
			braced = true
		case braced && (last == '"' || last == '}'):
			return "jsonl"
		case !braced && bytes.HasPrefix([]byte("[[jobs]]"), bytes.TrimSpace(line)):
			if bytes.Equal(bytes.TrimSpace(line), []byte("[[jobs]]")) {
				return "toml"
			}
		default:
			return "lines"
		}
	}
}
